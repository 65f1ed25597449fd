"""Keeps the range of a concatenation from what its inputs come from, before int8 is calibrated.

What only moves numbers (a pool, a slice) shares one range in TFLite with its input, and what joins
tensors with all of them. The converter gives everything tied so the range of the join: what the
first pool reads is clipped where the pool averages, and coarse where another branch is wide.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Collection
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from ..graphs.flatten import flatten
from ..graphs.graph import Graph, read, rebuild
from .calibrate import Arrays, batches
from .kinds import SAME, SAME_OPERATIONS

Range = tuple[float, float]
_JOINS = (layers.Concatenate, layers.Maximum, layers.Minimum)
_JOIN_OPERATIONS = {"Concatenate", "Maximum", "Minimum", "Stack"}
_STEPS = 255  # between the 256 values of int8
_COARSE = 2.0  # how many times wider a range may be than its numbers: one bit is lost
# The converter drops a product by 1, but not by the next float32.
_ABOUT_ONE = 1 + 2.0**-23


def keep_apart(model: keras.Model, inputs: Arrays) -> keras.Model:
    """Copy a model with a product by about 1 before each join that would harm what it reads.

    Args:
        model: A Keras model.
        inputs: One array an input, batch first: what the ranges are measured on.

    Returns:
        The copy, flat; the model itself where nothing is harmed or its graph isn't known.
    """
    try:
        with warnings.catch_warnings():
            # Of layers whose call takes no symbolic tensors: these stay as they are.
            warnings.simplefilter("ignore", UserWarning)
            flat = flatten(model)
    except (TypeError, ValueError, NotImplementedError, RuntimeError):
        return model
    graph = read(flat)
    ties = {
        (place, source): _tied(graph, source)
        for place, step in enumerate(graph.steps)
        if _joins(step.operation)
        for source in step.sources
    }
    if not ties:
        return model
    wanted = {chain[-1] for chain in ties.values()}
    wanted |= {result for place, _ in ties for result in graph.steps[place].results}
    harmed = _harmed(graph, ties, _measured(flat, graph, sorted(wanted), inputs))
    return _multiplied(flat, graph, harmed) if harmed else model


def _tied(graph: Graph, tensor: int) -> list[int]:
    """List a tensor and those before it that have its range, to the one that has its own."""
    chain = [tensor]
    while (step := graph.producer(chain[-1])) and _keeps_range(step.operation):
        chain.append(step.sources[0])
    return chain


def _joins(operation: Any) -> bool:
    return isinstance(operation, _JOINS) or type(operation).__name__ in _JOIN_OPERATIONS


def _keeps_range(operation: Any) -> bool:
    known = isinstance(operation, SAME) or type(operation).__name__ in SAME_OPERATIONS
    return known and not _joins(operation)


def _measured(
    flat: keras.Model, graph: Graph, wanted: Collection[int], inputs: Arrays
) -> dict[int, Range]:
    tensors: dict[int, Any] = {}

    def apply(place: int, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        outputs = operation(*args, **kwargs)
        step = graph.steps[place]
        for values, numbers in (((args, kwargs), step.sources), (outputs, step.results)):
            found = [v for v in keras.tree.flatten(values) if isinstance(v, keras.KerasTensor)]
            tensors.update(zip(numbers, found, strict=True))
        return outputs

    again = rebuild(flat, apply)
    ends = [end(ops.cast(tensors[at], "float32")) for at in wanted for end in (ops.min, ops.max)]
    extremes = np.zeros(len(ends))  # every range holds 0
    for values in batches(keras.Model(again.inputs, ends), inputs):
        lows, highs = np.minimum(extremes, values), np.maximum(extremes, values)
        extremes = np.where(np.arange(len(ends)) % 2, highs, lows)
    return {
        at: (low, high) for at, (low, high) in zip(wanted, extremes.reshape(-1, 2), strict=True)
    }


def _harmed(
    graph: Graph, ties: dict[tuple[int, int], list[int]], own: dict[int, Range]
) -> set[tuple[int, int]]:
    """Find the inputs of joins to keep apart, the last join first: it rules those before it."""
    ruled: dict[int, Range] = {}
    found = set()
    for (place, source), chain in reversed(ties.items()):
        (joined,) = graph.steps[place].results
        root = chain[-1]
        common = ruled.get(joined, own[joined])
        shared = any(len(graph.consumers(at)) + graph.outputs.count(at) > 1 for at in chain)
        if (shared or len(chain) > 1) and _harms(common, own[root], shared=shared):
            found.add((place, source))
        else:
            ruled[root] = _union(common, ruled.get(root, common))
    return found


def _harms(common: Range, own: Range, *, shared: bool) -> bool:
    width = common[1] - common[0]
    clipped = max(common[0] - own[0], own[1] - common[1]) > width / _STEPS
    return clipped or (shared and width > _COARSE * (own[1] - own[0]))


def _union(first: Range, second: Range) -> Range:
    return min(first[0], second[0]), max(first[1], second[1])


def _multiplied(flat: keras.Model, graph: Graph, harmed: Collection[tuple[int, int]]) -> Any:
    names: Counter[str] = Counter()

    def apply(place: int, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        numbers = iter(graph.steps[place].sources)

        def apart(value: Any) -> Any:
            if not isinstance(value, keras.KerasTensor) or (place, next(numbers)) not in harmed:
                return value
            names[operation.name] += 1
            name = f"{operation.name}.range{names[operation.name]}"
            return layers.Rescaling(_ABOUT_ONE, name=name, dtype=value.dtype)(value)

        args, kwargs = keras.tree.map_structure(apart, (args, kwargs))
        return operation(*args, **kwargs)

    return rebuild(flat, apply)
