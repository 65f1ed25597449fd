"""Lets the weights that a layer itself owns flow through the graph of its operations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras


@keras.saving.register_keras_serializable(package="kerascnn")
class OwnWeights(keras.layers.Layer):
    """Gives the weights of a layer that was opened as tensors, whatever it is called on.

    Args:
        shapes: Shapes of the weights.
        labels: Their names.
        **kwargs: `name`, `dtype` and the like.
    """

    def __init__(self, shapes: list[list[int]], labels: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shapes = [list(shape) for shape in shapes]
        self.labels = list(labels)

    def build(self, input_shape: Any) -> None:
        """Create the weights."""
        pairs = zip(self.shapes, self.labels, strict=True)
        self.held = [self.add_weight(shape=tuple(shape), name=label) for shape, label in pairs]
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Give the weights."""
        return [keras.ops.convert_to_tensor(weight) for weight in self.held]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Give the shapes of the weights."""
        return [tuple(shape) for shape in self.shapes]

    def get_config(self) -> dict[str, Any]:
        """Describe the arguments."""
        return {**super().get_config(), "shapes": self.shapes, "labels": self.labels}


def own_weights(layer: keras.layers.Layer, inside: list[keras.layers.Layer]) -> dict[str, Any]:
    """Find the variables that a layer holds beside those of the layers inside, by attribute.

    Args:
        layer: The layer.
        inside: The layers that it holds.

    Raises:
        LookupError: If a variable is no attribute of the layer, such as the state of a random
            generator.
    """
    theirs = {id(variable) for held in inside for variable in held.variables}
    own = [variable for variable in layer.variables if id(variable) not in theirs]
    names = {id(value): name for name, value in vars(layer).items()}
    missing = [variable.path for variable in own if id(variable) not in names]
    if missing:
        raise LookupError(f"Weights must be attributes of their layer. Received: {missing}")
    return {names[id(variable)]: variable for variable in own}


def as_layer(layer: keras.layers.Layer, own: dict[str, Any]) -> OwnWeights:
    """Copy the own weights of a layer into a layer of their own."""
    holder = OwnWeights(
        [list(variable.shape) for variable in own.values()],
        list(own),
        name=f"{layer.name}.weights",
        dtype=layer.dtype_policy,
        trainable=layer.trainable,
    )
    holder.build(None)
    holder.set_weights([keras.ops.convert_to_numpy(variable) for variable in own.values()])
    return holder


@contextmanager
def replaced(layer: keras.layers.Layer, tensors: dict[str, Any]) -> Iterator[None]:
    """Let attributes of a layer be tensors meanwhile, unseen by Keras's tracking."""
    before = {name: getattr(layer, name) for name in tensors}
    try:
        for name, tensor in tensors.items():
            object.__setattr__(layer, name, tensor)
        yield
    finally:
        for name, value in before.items():
            object.__setattr__(layer, name, value)
