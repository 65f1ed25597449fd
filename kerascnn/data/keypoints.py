"""Refuses arrays that cannot be key points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def check_keypoints(keypoints: ArrayLike, count: int, boxes: int | None) -> np.ndarray:
    """Return key points as float32 `(count, boxes, points, 3)`.

    Args:
        keypoints: y and x in [0, 1] and 1 for each point of each box; 0 as the third number where
            a point is not marked, whose place is not looked at then.
        count: Number of images.
        boxes: Number of boxes of an image; any when None.

    Raises:
        ValueError: If the shape or a value does not fit.
    """
    keypoints = np.asarray(keypoints, np.float32)
    sides = keypoints.shape
    if len(sides) != 4 or (sides[0], sides[3]) != (count, 3) or boxes not in (None, sides[1]):
        raise ValueError(
            f"Each of the {count} images must have (y, x, marked) for each point of each box, "
            f"shape (count, boxes, points, 3). Received: keypoints of shape {sides}"
        )
    places, marked = keypoints[..., :2], keypoints[..., 2]
    bad = (marked != 0) & np.logical_not(((places >= 0) & (places <= 1)).all(axis=-1))
    bad |= (marked != 0) & (marked != 1)
    if bad.any():
        image, box, point = np.argwhere(bad)[0]
        raise ValueError(
            "Key points must be y and x as shares of the image in [0, 1], and 1, or 0 where they "
            "are not marked; divide pixels by height and width. Received: "
            f"keypoints[{image}][{box}][{point}] = {keypoints[image, box, point].tolist()}"
        )
    return np.where(marked[..., np.newaxis] != 0, keypoints, 0.0).astype(np.float32)


def check_skeleton(skeleton: ArrayLike, points: int) -> tuple[tuple[int, int], ...]:
    """Return limbs as pairs of indices.

    Args:
        skeleton: The pairs.
        points: Number of key points.

    Raises:
        ValueError: If there is no such point.
    """
    pairs = np.asarray(skeleton, np.int64).reshape(-1, 2)
    if pairs.size and not (pairs.min() >= 0 and pairs.max() < points):
        raise ValueError(
            f"A skeleton must be pairs of the indices 0..{points - 1} of points. "
            f"Received: skeleton={pairs.tolist()}"
        )
    return tuple((int(first), int(last)) for first, last in pairs)


def check_names(names: Sequence[str], points: int) -> tuple[str, ...]:
    """Return a name for each key point, their numbers when there are none.

    Raises:
        ValueError: If there is not one for each.
    """
    if names and len(names) != points:
        raise ValueError(
            f"Each of the {points} key points must have a name. Received: {len(names)} names"
        )
    return tuple(map(str, names)) or tuple(map(str, range(points)))
