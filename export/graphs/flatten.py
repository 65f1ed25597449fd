"""Opens composite layers and nested models until only single layers and operations are left."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import keras

from ..tree import inside
from .graph import as_functional, name_after, rebuild
from .kernels import has_kernel
from .own_weights import OwnWeights, as_layer, own_weights, replaced


def flatten(model: keras.Model, *, inference: bool = False) -> keras.Model:
    """Copy a model as a flat graph in which every composite layer is opened.

    A composite is a nested model, or a layer of a class outside Keras: its `call` is followed down
    to Keras layers and operations. The layers inside get the names of those around them, such as
    `block.conv`; weights that it owns itself become a layer `block.weights`. What draws random
    numbers, or has a `call` that takes no symbolic tensors, stays closed. The copy has its own
    weights, equal to those of the model.

    Args:
        model: A functional or sequential Keras model.
        inference: Whether the copy is for inference alone: layers that do something else in
            training are opened too, as what they are at inference.

    Returns:
        The flat model, with the same inputs and outputs.

    Raises:
        ValueError: If the model is subclassed, so that its graph cannot be known.

    Example:
        >>> [layer.name for layer in kerascnn.export.flatten(model).layers]  # doctest: +SKIP
        ['image', 'residual.conv1', 'residual.bn1', ...]
    """
    flat = keras.models.clone_model(as_functional(model), recursive=True)
    flat.set_weights(model.get_weights())
    opener = _Opener(inference)
    while found := [operation for operation in flat.operations if opener.opens(operation)]:
        for composite in found:
            for layer in inside(composite):
                layer.name = f"{composite.name}.{layer.name}"
        flat = rebuild(flat, lambda _, operation, args, kwargs: opener(operation, args, kwargs))
    return flat


class _Opener:
    """Calls composites by what is inside; remembers what stays closed."""

    def __init__(self, inference: bool) -> None:
        self.inference = inference
        self.closed: set[int] = set()
        self.holders: dict[int, OwnWeights] = {}
        self.names: set[str] = set()

    def opens(self, operation: keras.Operation) -> bool:
        """Whether an operation is a composite that was not found to be closed."""
        if isinstance(operation, keras.Model):
            return True
        own = isinstance(operation, keras.layers.Layer) and not _is_ready_made(operation)
        return own and id(operation) not in self.closed and self._is_open(operation)

    def __call__(
        self, operation: keras.Operation, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if not self.opens(operation):
            return operation(*args, **kwargs)
        known = inspect.signature(operation.call).parameters
        given = {name: value for name, value in kwargs.items() if name in known}
        if self.inference and "training" in known:
            given["training"] = False
        tensors = self._weights(operation, args, kwargs)
        try:
            with replaced(operation, tensors):
                outputs = operation.call(*args, **given)
        except Exception as error:  # whatever a layer raises that was not written for this
            self.closed.add(id(operation))
            warnings.warn(
                f"Layer {operation.name!r} stays closed: its call must use Keras layers and "
                f"keras.ops only. Received: {type(error).__name__}: {error}",
                stacklevel=2,
            )
            return operation(*args, **kwargs)
        if not isinstance(operation, keras.Model):
            name_after(operation.name, (args, kwargs, tensors), outputs, self.names)
        return outputs

    def _is_open(self, layer: keras.layers.Layer) -> bool:
        """Whether a graph holds all that a layer does: no random numbers, no training mode."""
        held = inside(layer)
        try:
            own_weights(layer, held)
        except LookupError:
            return False
        known = inspect.signature(layer.call).parameters
        return bool(held) or self.inference or "training" not in known

    def _weights(
        self, operation: keras.Operation, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        own = own_weights(operation, inside(operation))
        if not own or isinstance(operation, keras.Model):
            return {}
        if id(operation) not in self.holders:
            self.holders[id(operation)] = as_layer(operation, own)
        anchor = next(
            value
            for value in keras.tree.flatten((args, kwargs))
            if isinstance(value, keras.KerasTensor)
        )
        return dict(zip(own, self.holders[id(operation)](anchor), strict=True))


def _is_ready_made(layer: keras.layers.Layer) -> bool:
    module = type(layer).__module__
    # The layers of keras.applications are those of its models, such as LayerScale.
    theirs = module.split(".")[0] == "keras" and ".applications." not in module
    # What is derived from a convolution is one, only with its kernel prepared.
    return (
        theirs
        or isinstance(layer, OwnWeights)
        or has_kernel(layer)
        or hasattr(layer, "at_inference")
    )
