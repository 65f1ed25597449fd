"""Generated pictures of cells that touch, each with a number of its own."""

from __future__ import annotations

import numpy as np

from kerascnn.data.dataset import Dataset
from kerascnn.data.scenery import background, generated, paint

_CLUSTERS = 3
_CELLS = 3  # of a cluster, at most
_COVERED = 0.15  # of a cell that is drawn, at most


def cells(*, count: int = 256, size: int = 64, noise: float = 0.05, seed: int = 0) -> Dataset:
    """Draw clusters of dark ellipses that touch each other.

    Half axes are 7 to 11 % of the side. The values of `instances` are 0 for the background and a
    number for each cell; those of `mask` are 1 in all cells.

    Args:
        count: Images of the training split, at least 4; validation and test have a quarter each.
        size: Side of the images in pixels, at least 16.
        noise: Standard deviation of the Gaussian noise, at least 0; pixels are clipped to [0, 1].
        seed: Seed of everything that is drawn.

    Raises:
        ValueError: If an argument is out of range.
    """
    return generated(
        _pictures,
        "cells",
        count=count,
        size=size,
        noise=noise,
        seed=seed,
        labels=("background", "cell"),
    )


def _pictures(
    count: int, size: int, noise: float, random: np.random.Generator
) -> dict[str, np.ndarray]:
    base = random.uniform(0.6, 0.9, size=(count, 3))
    image = background(base, size, random)
    distance = np.full((count, size, size), np.inf)
    instances = np.zeros((count, size, size), np.int32)
    centre = np.zeros((count, 2))
    for number in range(_CLUSTERS * _CELLS):
        step = random.uniform(0.15, 0.2, size=(count, 1))
        angle = random.uniform(0, 2 * np.pi, size=count)
        if number % _CELLS:
            centre = centre + step * np.stack([np.sin(angle), np.cos(angle)], axis=-1)
        else:
            centre = random.uniform(0.15, 0.85, size=(count, 2))
        cell = _uncovered(_ellipses(centre, size, random), distance)
        image = paint(image, cell, base * random.uniform(0.3, 0.7, size=(count, 1)))
        distance = np.minimum(distance, cell)
        numbers = instances.max(axis=(1, 2), keepdims=True) + 1
        instances = np.where(cell < 0, numbers, instances)
    image += noise * random.standard_normal(image.shape)
    return {
        "image": np.clip(image, 0, 1).astype(np.float32),
        "mask": (instances > 0).astype(np.int32),
        "instances": instances,
    }


def _ellipses(centre: np.ndarray, size: int, random: np.random.Generator) -> np.ndarray:
    """Give the distance to an ellipse a picture in pixels, about; negative inside."""
    axes = size * random.uniform(0.07, 0.11, size=(2, len(centre), 1, 1))
    angle = random.uniform(0, np.pi, size=(len(centre), 1, 1))
    pixels = np.arange(size) + 0.5
    y = pixels[:, np.newaxis] - size * centre[:, :1, np.newaxis]
    x = pixels - size * centre[:, 1:, np.newaxis]
    along = np.cos(angle) * x + np.sin(angle) * y
    across = np.cos(angle) * y - np.sin(angle) * x
    return np.asarray((np.hypot(along / axes[0], across / axes[1]) - 1) * axes.min(axis=0))


def _uncovered(cell: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Cut off what others cover; of a cell that would lose much nothing is left."""
    left = np.maximum(cell, -distance)
    whole, seen = (np.sum(one < 0, axis=(1, 2), keepdims=True) for one in (cell, left))
    return np.where(seen >= (1 - _COVERED) * whole, left, np.inf)
