"""A few numbers that many weights can share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[Any]
# Given weights and a number of centroids: the centroids.
Initializer = Callable[[Vector, int], Any]
_SAMPLE = 100_000  # weights that k-means looks at


def linear(weights: Vector, count: int) -> Vector:
    """Space centroids evenly from the smallest weight to the largest."""
    return np.linspace(weights.min(), weights.max(), count)


def density(weights: Vector, count: int) -> Vector:
    """Space centroids so that equally many weights lie about each."""
    return np.quantile(weights, (np.arange(count) + 0.5) / count)


def k_means(weights: Vector, count: int) -> Vector:
    """Place centroids where the squared distances of the weights to them are small."""
    from sklearn.cluster import KMeans

    step = -(-weights.size // _SAMPLE)
    found = KMeans(count, init="k-means++", n_init=1, random_state=0)
    centers: Vector = found.fit(weights[::step, np.newaxis]).cluster_centers_
    return centers[:, 0]


# Under our names, and under those of the enumeration of tensorflow-model-optimization.
INITIALIZERS: dict[str, Initializer] = {"linear": linear, "density": density, "k-means++": k_means}
_ENUMERATED = {"LINEAR": linear, "DENSITY_BASED": density, "KMEANS_PLUS_PLUS": k_means}


def as_initializer(initializer: Any) -> Initializer:
    """Take a name or a member of TFMOT's enumeration for a function; functions stay as they are.

    Raises:
        ValueError: If there is no such initialiser.
    """
    name = getattr(initializer, "name", initializer)
    known = INITIALIZERS | _ENUMERATED
    if isinstance(name, str) and name in known:
        return known[name]
    if callable(initializer):
        function: Initializer = initializer
        return function
    raise ValueError(
        f"An initializer must be one of {', '.join(INITIALIZERS)} or a function of the weights and "
        f"the number of centroids. Received: initializer={initializer!r}"
    )


def share(weights: Vector, count: int, initializer: Initializer) -> tuple[Vector, Vector]:
    """Give each weight the number of its centroid.

    Weights that have few enough values already keep them. Zeros keep a centroid of their own.

    Args:
        weights: The weights, in any shape.
        count: The largest number of centroids.
        initializer: What places them.

    Returns:
        The centroids, filled up with zeros, and the number of each weight in a flat vector.
    """
    flat = weights.reshape(-1)
    values, numbers = np.unique(flat, return_inverse=True)
    if len(values) <= count:
        return np.pad(values, (0, count - len(values))), numbers.reshape(-1)
    zero = bool((flat == 0).any())
    made = initializer(flat[flat != 0], count - zero)
    made = getattr(made, "get_cluster_centroids", lambda: made)()
    centroids = np.sort(np.asarray(made, dtype=flat.dtype).reshape(-1))
    numbers = np.searchsorted((centroids[1:] + centroids[:-1]) / 2, flat)
    if zero:
        numbers = np.where(flat == 0, len(centroids), numbers)
        centroids = np.append(centroids, 0.0)
    return centroids, numbers
