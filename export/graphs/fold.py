"""Folds batch normalisation into the layer before it, as the deployed graph has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

from ..forms.affine import affine, normalization
from .graph import Graph, Step, read, rebuild

# How the factors of the output channels lie along the kernel.
_SHAPES: dict[type, Callable[[Any, Any], Any]] = {
    layers.Conv1D: lambda scale, kernel: scale,
    layers.Conv2D: lambda scale, kernel: scale,
    layers.DepthwiseConv2D: lambda scale, kernel: scale.reshape(kernel.shape[2:]),
    layers.Conv1DTranspose: lambda scale, kernel: scale[:, np.newaxis],
    layers.Conv2DTranspose: lambda scale, kernel: scale[:, np.newaxis],
    layers.Dense: lambda scale, kernel: scale,
}


def fold(model: keras.Model) -> keras.Model:
    """Write each batch normalisation as part of the layer before it, or as an affine layer.

    With the moving statistics of the model: from here on training and inference are the same.

    Args:
        model: A flat functional model.
    """
    graph = read(model)
    calls = Counter(id(step.operation) for step in graph.steps)
    norms = {place: _norm_after(graph, step) for place, step in enumerate(graph.steps)}
    pairs = Counter((id(graph.steps[place].operation), id(norm)) for place, norm in norms.items())
    # A layer that is called twice may be followed by its own normalisation only once.
    into = {
        place: norm
        for place, norm in norms.items()
        if norm
        and {calls[id(graph.steps[place].operation)], calls[id(norm)]}
        == {pairs[id(graph.steps[place].operation), id(norm)]}
    }
    folded = {id(norm) for norm in into.values()}
    made: dict[int, Any] = {}
    again: Counter[str] = Counter()

    def apply(place: int, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if place in into:
            if id(operation) not in made:
                made[id(operation)] = _folded(operation, into[place], args[0].shape)
            return made[id(operation)](*args)
        if id(operation) in folded:
            return args[0]
        if isinstance(operation, layers.BatchNormalization):
            again[operation.name] += 1
            number = again[operation.name]
            name = operation.name if number == 1 else f"{operation.name}.{number}"
            return affine(args[0], *normalization(operation), name)
        return operation(*args, **kwargs)

    return rebuild(model, apply)


def _norm_after(graph: Graph, step: Step) -> Any:
    if not isinstance(step.operation, tuple(_SHAPES)):
        return None
    after = graph.only_consumer(step)
    found = None if after is None else after.operation
    return found if isinstance(found, layers.BatchNormalization) else None


def _folded(layer: Any, norm: layers.BatchNormalization, input_shape: Any) -> Any:
    scale, offset = normalization(norm)
    kernel, *bias = layer.get_weights()
    lay = next(lay for kind, lay in _SHAPES.items() if isinstance(layer, kind))
    kernel = kernel * lay(scale, kernel)
    offset = offset + bias[0] * scale if bias else offset
    again = type(layer).from_config(layer.get_config() | {"use_bias": True})
    again.build(input_shape)
    again.set_weights([kernel, offset])
    return again
