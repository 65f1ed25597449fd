"""Folds batch normalisation into the layer before it, as the deployed graph has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

from .graph import Graph, Step, read, rebuild
from .primitives import affine, normalization

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
    into = {
        place: step
        for place, step in enumerate(graph.steps)
        if (norm := _norm_after(graph, step)) and calls[id(step.operation)] == 1 == calls[id(norm)]
    }
    folded = {id(_norm_after(graph, step)) for step in into.values()}

    def apply(place: int, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if place in into:
            return _fold_into(operation, _norm_after(graph, into[place]), *args)
        if id(operation) in folded:
            return args[0]
        if isinstance(operation, layers.BatchNormalization):
            return affine(args[0], *normalization(operation), operation.name)
        return operation(*args, **kwargs)

    return rebuild(model, apply)


def _norm_after(graph: Graph, step: Step) -> Any:
    if not isinstance(step.operation, tuple(_SHAPES)):
        return None
    after = graph.only_consumer(step)
    found = None if after is None else after.operation
    return found if isinstance(found, layers.BatchNormalization) else None


def _fold_into(layer: Any, norm: layers.BatchNormalization, x: Any) -> Any:
    scale, offset = normalization(norm)
    kernel, *bias = layer.get_weights()
    lay = next(lay for kind, lay in _SHAPES.items() if isinstance(layer, kind))
    kernel = kernel * lay(scale, kernel)
    offset = offset + bias[0] * scale if bias else offset
    again = type(layer).from_config(layer.get_config() | {"use_bias": True})
    x = again(x)
    again.set_weights([kernel, offset])
    return x
