"""From heat maps to points."""

from __future__ import annotations

import numpy as np

from ..runtime.tensors import Array


def decode_heatmaps(heatmaps: Array) -> tuple[Array, Array]:
    """Find the peak of each map, a quarter of a pixel towards the higher of its neighbours.

    Args:
        heatmaps: Shape (H, W, points).

    Returns:
        Centres of the peaks, (y, x) in [0, 1], of shape (points, 2), float64; and their heights of
        shape (points,). Of equal peaks the first in the order of rows; at the border a peak isn't
        moved across it.

    Raises:
        ValueError: If the shape isn't that of maps.

    Reference:
        Newell et al., Stacked Hourglass Networks for Human Pose Estimation, 2016, sec. 3.3.
    """
    heatmaps = np.asarray(heatmaps)
    if heatmaps.ndim != 3 or not heatmaps.size:
        raise ValueError(f"Maps have the shape (H, W, points). Received: shape={heatmaps.shape}")
    height, width, count = heatmaps.shape
    peaks = heatmaps.reshape(-1, count).argmax(axis=0)
    rows, columns, points = peaks // width, peaks % width, np.arange(count)

    # Padded with their own border, so that a peak there has no higher neighbour outside.
    padded = np.pad(heatmaps.astype(np.float64), ((1, 1), (1, 1), (0, 0)), mode="edge")
    steep = np.stack(
        [
            padded[rows + 2, columns + 1, points] - padded[rows, columns + 1, points],
            padded[rows + 1, columns + 2, points] - padded[rows + 1, columns, points],
        ],
        axis=-1,
    )
    inside = np.stack([(rows > 0) & (rows < height - 1), (columns > 0) & (columns < width - 1)], -1)
    moved = np.stack([rows, columns], axis=-1) + 0.25 * np.sign(steep) * inside
    return (moved + 0.5) / (height, width), heatmaps[rows, columns, points]
