"""Which weights stay: the large ones, under one of three patterns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]


def largest(magnitudes: Weights, sparsity: float) -> Mask:
    """Keep the largest numbers; of equal ones the first, and always one.

    Args:
        magnitudes: Numbers of 0 or more.
        sparsity: Fraction that does not stay, in [0, 1).
    """
    kept = max(round(magnitudes.size * (1.0 - sparsity)), 1)
    order = np.argsort(-magnitudes, axis=None, kind="stable")
    mask = np.zeros(magnitudes.size, bool)
    mask[order[:kept]] = True
    return mask.reshape(magnitudes.shape)


def largest_of_groups(magnitudes: Weights, zeros: int, size: int, axis: int) -> Mask:
    """Keep the largest numbers of each group along an axis.

    A last group that is not full counts as filled up with zeros.

    Args:
        magnitudes: Numbers of 0 or more.
        zeros: How many of each full group do not stay.
        size: Numbers in a group.
        axis: Where neighbours make up a group.
    """
    rows = np.moveaxis(magnitudes, axis, -1)
    padding = -rows.shape[-1] % size
    full = np.pad(rows, [(0, 0)] * (rows.ndim - 1) + [(0, padding)], constant_values=-1.0)
    groups = full.reshape(*rows.shape[:-1], -1, size)
    rank = np.argsort(np.argsort(-groups, axis=-1, kind="stable"), axis=-1)
    mask = (rank < size - zeros).reshape(full.shape)[..., : rows.shape[-1]]
    return np.moveaxis(mask, -1, axis)


def norms(weights: Weights, axis: int) -> Weights:
    """Give the Euclidean norm of the weights of each entry along an axis."""
    others = tuple(place for place in range(weights.ndim) if place != axis % weights.ndim)
    squares: Weights = np.sum(np.square(weights, dtype="float64"), axis=others)
    return np.sqrt(squares)
