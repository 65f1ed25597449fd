"""What generated pictures are made of: backgrounds, colours that stand out, and boxes."""

from __future__ import annotations

import numpy as np
import tensorflow as tf


def background(base: np.ndarray, size: int, random: np.random.Generator) -> np.ndarray:
    """Draw colours that change smoothly around a base colour.

    Args:
        base: The base colour of each picture, `(count, 3)` in [0, 1].
        size: Side of the pictures in pixels.
        random: Source of chance.

    Returns:
        `(count, size, size, 3)`.
    """
    coarse = base[:, np.newaxis, np.newaxis] + random.uniform(-0.1, 0.1, (len(base), 4, 4, 3))
    return np.asarray(tf.image.resize(coarse, (size, size), method="bicubic"), np.float64)


def contrast(base: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Give each picture, of eight random colours, the one that stands out best.

    Args:
        base: The base colour of each picture, `(count, 3)` in [0, 1].
        random: Source of chance.

    Returns:
        `(count, 3)` in [0, 1].
    """
    colours = random.uniform(size=(len(base), 8, 3))
    distance = np.linalg.norm(colours - base[:, np.newaxis], axis=-1)
    return np.asarray(colours[np.arange(len(base)), distance.argmax(axis=1)])


def tight_boxes(inside: np.ndarray) -> np.ndarray:
    """Give boxes `(count, 4)` around the true pixels of `(count, size, size)`; 0 where none are."""
    size = inside.shape[1]
    rows, columns = np.asarray(inside.any(axis=2)), np.asarray(inside.any(axis=1))
    edges = [rows.argmax(1), columns.argmax(1)]
    edges += [size - rows[:, ::-1].argmax(1), size - columns[:, ::-1].argmax(1)]
    return np.asarray(np.stack(edges, axis=-1) / size * np.any(rows, axis=1)[:, np.newaxis])


def paint(image: np.ndarray, distance: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Paint what is at a distance below 0, with one pixel of soft edge, as a camera sees it.

    Args:
        image: `(count, size, size, 3)`.
        distance: Signed distance from the edge in pixels, `(count, size, size)`.
        colour: `(count, 3)`.

    Returns:
        The painted image.
    """
    cover = np.clip(0.5 - distance, 0, 1)[..., np.newaxis]
    return np.asarray(image * (1 - cover) + colour[:, np.newaxis, np.newaxis] * cover)
