"""Distances between embeddings: of all rows with all, and of pairs.

Each is a squared distance with something done to the embeddings before, and to the result after.
Equal embeddings have the distance 0 with the gradient 0.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops

_SHORTEST = 1e-12


class Distance(NamedTuple):
    """What is done around a squared distance.

    Attributes:
        prepare: Function of embeddings, `(..., dim)`.
        finish: Function of squared distances.
    """

    prepare: Callable[[Any], Any]
    finish: Callable[[Any], Any]


def between_all(name: str, embeddings):
    """Compute the distances between all rows.

    Args:
        name: A key of `DISTANCES`.
        embeddings: `(batch, dim)`.

    Returns:
        `(batch, batch)`.
    """
    embeddings = DISTANCES[name].prepare(embeddings)
    # The distances do not change, and small products lose fewer digits.
    embeddings = embeddings - ops.mean(embeddings, axis=0)
    norms = ops.sum(embeddings * embeddings, axis=-1)
    products = ops.matmul(embeddings, ops.transpose(embeddings))
    squares = ops.maximum(norms[:, None] + norms[None, :] - 2.0 * products, 0.0)
    return DISTANCES[name].finish(squares)


def between_pairs(name: str, first, second):
    """Compute the distance of each row from its partner.

    Args:
        name: A key of `DISTANCES`.
        first: `(batch, dim)`.
        second: `(batch, dim)`.

    Returns:
        `(batch,)`.
    """
    difference = DISTANCES[name].prepare(first) - DISTANCES[name].prepare(second)
    return DISTANCES[name].finish(ops.sum(difference * difference, axis=-1))


def unit(embeddings):
    """Scale the last axis to length 1; vectors shorter than 1e-12 become 0, with the gradient 0."""
    # Neither the largest nor the smallest numbers of a float may be squared.
    largest = ops.stop_gradient(ops.max(ops.abs(embeddings), axis=-1, keepdims=True))
    long = ops.cast(largest > _SHORTEST, embeddings.dtype)
    embeddings = embeddings / ops.maximum(largest, _SHORTEST) * long
    squares = ops.sum(embeddings * embeddings, axis=-1, keepdims=True)
    return embeddings * ops.rsqrt(ops.maximum(squares, 1.0))


def root(squares):
    """Take the square root, with the gradient 0 at 0."""
    # The slope is infinite there, and 0 times infinity is not a number.
    apart = squares > 0
    return ops.where(apart, ops.sqrt(ops.where(apart, squares, 1.0)), 0.0)


def _same(values):
    return values


def _half(values):
    return 0.5 * values


DISTANCES = {
    "cosine": Distance(unit, _half),  # |a - b|^2 / 2 = 1 - cos for unit vectors
    "euclidean": Distance(_same, root),
    "squared": Distance(_same, _same),
}
