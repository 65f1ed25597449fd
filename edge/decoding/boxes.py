"""Boxes `(ymin, xmin, ymax, xmax)`: how far they overlap, and which of them to keep."""

from __future__ import annotations

import numpy as np

from ..runtime.tensors import Array


def pairwise_iou(first: Array, second: Array) -> Array:
    """Compute the intersection over union of each box with each other box.

    Args:
        first: Boxes of shape (n, 4).
        second: Boxes of shape (m, 4), in the same unit.

    Returns:
        Shares in [0, 1] of shape (n, m), float64; 0 for two boxes without area.

    Raises:
        ValueError: If a shape isn't that of boxes.
    """
    first, second = _boxes("first", first)[:, None], _boxes("second", second)[None]
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., 2:], second[..., 2:])
    shared = _area(low, high)
    union = _area(first[..., :2], first[..., 2:]) + _area(second[..., :2], second[..., 2:]) - shared
    shares: Array = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return shares


def non_max_suppression(
    boxes: Array,
    scores: Array,
    *,
    score_threshold: float = 0.5,
    iou_threshold: float = 0.5,
    max_detections: int = 100,
) -> tuple[Array, Array]:
    """Keep the best of the boxes of a class that show the same, class by class.

    The box with the highest score is kept, and those of its class that overlap it too far are
    dropped; then the best of the rest, and so on.

    Args:
        boxes: Shape (n, 4).
        scores: Shape (n, classes). A box may be kept for several classes.
        score_threshold: Only higher scores count.
        iou_threshold: Boxes that overlap a better one by more are dropped, in [0, 1].
        max_detections: Most boxes to keep over all classes, at least 1.

    Returns:
        The rows of the boxes kept and their classes, both of shape (kept,), the best first; equal
        scores in the order of rows.

    Raises:
        ValueError: If shapes don't fit, or a threshold is out of range.
    """
    boxes, scores = _boxes("boxes", boxes), np.asarray(scores)
    if scores.ndim != 2 or len(scores) != len(boxes):
        raise ValueError(
            f"Each box has a score for each class. Received: scores of shape {scores.shape}, "
            f"{len(boxes)} boxes"
        )
    if not 0 <= iou_threshold <= 1 or max_detections < 1:
        raise ValueError(
            "iou_threshold must be in [0, 1], max_detections at least 1. Received: "
            f"iou_threshold={iou_threshold}, max_detections={max_detections}"
        )
    rows, classes = np.nonzero(scores > score_threshold)
    order = np.argsort(-scores[rows, classes], kind="stable")
    kept: list[int] = []
    while order.size and len(kept) < max_detections:
        best, order = order[0], order[1:]
        kept.append(best)
        overlap = pairwise_iou(boxes[rows[best]][None], boxes[rows[order]])[0]
        order = order[(classes[order] != classes[best]) | (overlap <= iou_threshold)]
    return rows[kept], classes[kept]


def from_centres(centres: Array, sizes: Array) -> Array:
    """Make boxes (..., 4) out of centres (..., 2) and sizes (..., 2), y before x in both."""
    return np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=-1)


def _area(low: Array, high: Array) -> Array:
    area: Array = (high - low).clip(0).prod(axis=-1)
    return area


def _boxes(name: str, values: Array) -> Array:
    array = np.asarray(values, np.float64)
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(f"Boxes have the shape (n, 4). Received: {name} of shape {array.shape}")
    return array
