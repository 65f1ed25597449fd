"""The float model behind a file, with the result of every layer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import keras

from ..graphs.flatten import flatten
from ..graphs.fold import fold
from ..graphs.graph import read, rebuild
from ..graphs.primitives import split
from ..model import name_outputs
from ..quantization.bake import is_quantize_aware
from ..quantization.calibrate import without_rounding
from ..quantization.placement import is_relu
from ..tree import walk
from .tensors import Tensors, labels


@dataclass(frozen=True)
class Reference:
    """A flat float model, and how a file names its layers.

    Args:
        model: The model.
        paths: Paths of its layers in the names of the tensors of the file.
        outputs: The layer behind each output.
        relus: The ReLU behind each layer whose result it alone takes.
    """

    model: keras.Model
    paths: frozenset[str]
    outputs: dict[str, str]
    relus: dict[str, str]

    @property
    def names(self) -> frozenset[str]:
        """Names of the layers that compute something."""
        kinds = (keras.layers.InputLayer, keras.layers.Identity)
        return frozenset(layer.name for layer in self.model.layers if not isinstance(layer, kinds))


def find_reference(model: keras.Model, tensors: Tensors) -> Reference:
    """Choose the form of the model in which the file has most of its layers.

    The converter gets the model as it is, or flat with batch normalisation folded.

    Args:
        model: A functional or sequential model, with or without rounding.
        tensors: The file.

    Raises:
        ValueError: If the graph of the model is not known.
    """
    if is_quantize_aware(model):
        plain = without_rounding(model)
        return _reference(model, plain, {layer.name for layer in plain.layers})
    flat = flatten(model)
    folded = fold(split(flatten(model)))
    forms = (
        _reference(model, flat, {path for path, _ in walk(model)}),
        _reference(model, folded, {layer.name for layer in folded.layers}),
    )
    return max(forms, key=lambda form: _share_found(form, tensors))


def outputs_of_layers(model: keras.Model, names: Collection[str]) -> tuple[keras.Model, list[str]]:
    """Build a model that gives the result of every layer that is called once.

    Returns:
        The model, with a list of outputs, and the name of the layer of each.
    """
    taps: dict[str, list[Any]] = {}

    def apply(_: int, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        outputs = operation(*args, **kwargs)
        if operation.name in names and isinstance(outputs, keras.KerasTensor):
            taps.setdefault(operation.name, []).append(outputs)
        return outputs

    plain = rebuild(model, apply)
    once = {name: tensors[0] for name, tensors in taps.items() if len(tensors) == 1}
    return keras.Model(plain.inputs, list(once.values())), list(once)


def _reference(model: keras.Model, flat: keras.Model, paths: set[str]) -> Reference:
    graph = read(flat)
    makers = [getattr(graph.producer(number), "operation", None) for number in graph.outputs]
    structure = model.outputs if isinstance(model, keras.Sequential) else model.output
    layers = [getattr(maker, "name", "") for maker in makers]
    packed = keras.tree.pack_sequence_as(structure, layers)
    relus = {
        step.operation.name: after.operation.name
        for step in graph.steps
        if (after := graph.only_consumer(step)) and is_relu(after.operation)
    }
    return Reference(flat, frozenset(paths), name_outputs(model, packed), relus)


def _share_found(form: Reference, tensors: Tensors) -> float:
    found = labels(tensors.graph, form.paths, form.outputs)
    return len({name for label in found for name in label} & form.names) / max(len(form.names), 1)
