"""What a Keras model takes and gives, and why some models can't be exported."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import keras

_UNNAMED = re.compile(r"keras_tensor(_\d+)?")
# What a layer is called behind the layer that it was split off, on the way to int8.
_SPLIT_OFF = re.compile(r"(\.(range\d*|rounded|activation|affine|pointwise))+$")


@dataclass(frozen=True)
class Port:
    """One input of a model: its name, its shape with the batch first, its element type."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True)
class Ports:
    """The inputs of a model in the order of `keras.tree.flatten`, and how they nest."""

    inputs: tuple[Port, ...]
    structure: Any

    def pack(self, tensors: Any) -> Any:
        """Nest flat tensors as the model takes them."""
        return keras.tree.pack_sequence_as(self.structure, list(tensors))


def deployable(model: Any) -> keras.Model:
    """Give the part of a model that goes to the device, if it can go at all.

    Raises:
        ValueError: If it is no Keras 3 model, or isn't built.
    """
    model = getattr(model, "deployable", model)
    if isinstance(model, Mapping):
        raise ValueError(
            "The model must be a single one: name the part, as in model.deployable['encoder']. "
            f"Received: a model of the parts {', '.join(model)}"
        )
    if any(kind.__module__.split(".")[0] == "tf_keras" for kind in type(model).__mro__):
        raise ValueError(
            "The model must be a Keras 3 model. Build it with keras instead of tf_keras and copy "
            f"the weights with set_weights(). Received: model={type(model).__name__} of tf_keras"
        )
    if not isinstance(model, keras.Model):
        raise ValueError(f"The model must be a keras.Model. Received: model={model!r:.80}")
    if not model.built:
        raise ValueError(
            "The model must be built: start it with keras.Input(shape), or call it once on data. "
            f"Received: model={model.name}"
        )
    return model


def ports(model: keras.Model) -> Ports:
    """Describe the inputs of a built model.

    Raises:
        ValueError: If it is a subclassed model whose inputs can't be known.
    """
    symbolic = getattr(model, "inputs", None)
    if symbolic:
        functional = getattr(model, "input", None)  # nests; a Sequential doesn't have it
        structure = symbolic[0] if functional is None else functional
    else:
        structure = _shapes_seen(model)
    leaves = keras.tree.flatten(structure)
    names = _input_names(structure, leaves)
    found = tuple(
        Port(name, tuple(leaf.shape), keras.backend.standardize_dtype(leaf.dtype))
        for name, leaf in zip(names, leaves, strict=True)
    )
    return Ports(found, keras.tree.map_structure(lambda leaf: 0, structure))


def check_static(taken: Ports) -> None:
    """Check that a device can reserve the memory for every input.

    Raises:
        ValueError: If a dimension other than the batch isn't known.
    """
    for port in taken.inputs:
        if None in port.shape[1:]:
            raise ValueError(
                "Every dimension but the batch must be known on a device: rebuild the model with "
                f"a fixed shape. Received: input {port.name!r} of shape {port.shape}"
            )


def name_outputs(model: keras.Model, outputs: Any) -> dict[str, Any]:
    """Flatten what a model returned into named tensors; dictionaries keep their keys."""
    if isinstance(outputs, dict) and not any(map(keras.tree.is_nested, outputs.values())):
        return dict(outputs)
    flat = keras.tree.flatten(outputs)
    names = list(getattr(model, "output_names", None) or ())
    if isinstance(model, keras.Sequential) and len(flat) == 1:
        names = [model.layers[-1].name]
    if len(names) != len(flat):
        names = ["output"] * len(flat)
    names = [_SPLIT_OFF.sub("", name) for name in names]
    return dict(zip(_unique(names), flat, strict=True))


def _input_names(structure: Any, leaves: list[Any]) -> list[str]:
    if isinstance(structure, dict) and len(structure) == len(leaves):
        names = sorted(structure)  # the order of keras.tree.flatten
    else:
        names = ["input" if _UNNAMED.fullmatch(leaf.name) else leaf.name for leaf in leaves]
    return _unique(re.sub(r"\W", "_", name) for name in names)


def _unique(names: Iterable[str]) -> list[str]:
    counted: dict[str, int] = {}
    for name in names:
        candidate, number = name, 0
        while candidate in counted:
            number += 1
            candidate = f"{name}_{number}"
        counted[candidate] = number
    return list(counted)


def _shapes_seen(model: keras.Model) -> Any:
    """The inputs of a subclassed model, as far as its first call tells."""
    shapes = (model.get_build_config() or {}).get("input_shape")
    if not shapes:
        raise ValueError(
            "A subclassed model must take its inputs as one argument (an array, a list or a "
            f"dictionary) and be called once before. Received: model={model.name}"
        )

    def tensors(shape: Any) -> Any:
        if isinstance(shape, dict):
            return {name: tensors(inner) for name, inner in shape.items()}
        if all(size is None or isinstance(size, int) for size in shape):
            return keras.KerasTensor((None, *shape[1:]), dtype=model.input_dtype)
        return [tensors(inner) for inner in shape]

    return tensors(shapes)
