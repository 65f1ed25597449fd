"""Which weights become zero together, and which of them first."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from .filters import filter_groups
from .kernels import Kernel
from .masks import Mask, Weights, largest, largest_of_groups, norms

# Variables that share their zeros, and the function from their values to their masks.
Choice = Callable[[Sequence[Weights], float], list[Mask]]
Group = tuple[list[Any], Choice]


def group(
    model: keras.Model, chosen: Sequence[Kernel], pattern: str | tuple[int, int]
) -> list[Group]:
    """Group the weights of a model as a pattern wants it.

    Args:
        model: The model.
        chosen: The kernels to prune.
        pattern: `weights`, `filters` or (M, N), as `prune` takes it.

    Raises:
        ValueError: If it is no pattern, or the model has no weights of this pattern.
    """
    if pattern == "weights":
        return [([kernel.variable], _smallest) for kernel in chosen]
    if pattern == "filters":
        return [_filters(*members) for members in filter_groups(model, chosen)]
    return [_neighbours(kernel, pattern) for kernel in chosen]


def _smallest(weights: Sequence[Weights], sparsity: float) -> list[Mask]:
    return [largest(np.abs(weights[0]), sparsity)]


def _filters(scored: Sequence[Kernel], others: Sequence[Any]) -> Group:
    variables = [kernel.variable for kernel in scored] + list(others)
    axes = [kernel.outputs or 0 for kernel in scored]

    def choose(weights: Sequence[Weights], sparsity: float) -> list[Mask]:
        strengths = [norms(kernel, axis) for kernel, axis in zip(weights, axes, strict=False)]
        kept = largest(np.sum(strengths, axis=0), sparsity)
        masks = []
        for array, axis in itertools.zip_longest(weights, axes, fillvalue=-1):
            lie = np.expand_dims(kept, [place for place in range(1, -axis)])
            masks.append(np.broadcast_to(lie, np.shape(array)))
        return masks

    return variables, choose


def _neighbours(kernel: Kernel, pattern: Any) -> Group:
    if not (
        isinstance(pattern, tuple)
        and len(pattern) == 2
        and all(isinstance(number, int) for number in pattern)
        and 0 < pattern[0] < pattern[1]
    ):
        raise ValueError(
            "A pattern must be 'weights', 'filters' or (M, N) for M zeros among N neighbours. "
            f"Received: pattern={pattern!r}"
        )
    most, size = pattern
    axis = kernel.inputs
    if axis is None:
        raise ValueError(
            "It is not known along which axis the input channels lie: name the layer in skip. "
            f"Received: layer={kernel.path}"
        )

    def choose(weights: Sequence[Weights], sparsity: float) -> list[Mask]:
        zeros = min(round(sparsity * size), most)
        return [largest_of_groups(np.abs(weights[0]), zeros, size, axis)]

    return [kernel.variable], choose
