"""Regions that a network is to look into."""

from __future__ import annotations

import numpy as np

from ..runtime.tensors import Array
from .boxes import non_max_suppression

_SAME = 0.7  # overlap of two proposals of the same; Johnson et al. 2016


def propose_regions(boxes: Array, scores: Array, count: int) -> Array:
    """Choose the best of proposed regions, of those that overlap by more than 0.7 the best one.

    Args:
        boxes: `(n, 4)` as (ymin, xmin, ymax, xmax).
        scores: `(n,)` in [0, 1].
        count: Number of regions to choose, at least 1.

    Returns:
        `(count, 4)`, the best first, with zeros where there are no more.
    """
    kept, _ = non_max_suppression(
        boxes,
        scores[:, np.newaxis],
        score_threshold=0.0,
        iou_threshold=_SAME,
        max_detections=count,
    )
    chosen = np.zeros((count, 4), np.float32)
    chosen[: len(kept)] = boxes[kept]
    return chosen
