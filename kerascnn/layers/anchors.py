"""Boxes `(ymin, xmin, ymax, xmax)` that lie over the cells of grids before anything is seen."""

from collections.abc import Sequence

import numpy as np


def anchor_boxes(rows: int, columns: int, sizes: Sequence[tuple[float, float]]) -> np.ndarray:
    """Lay boxes of the same sizes around the centre of each cell of a grid.

    Args:
        rows: Rows of the grid.
        columns: Columns of the grid.
        sizes: Height and width of each box of a cell, as shares of the image's.

    Returns:
        `(rows * columns * sizes, 4)`, float32, not clipped: row by row, the boxes of a cell
        together.

    Example:
        >>> anchor_boxes(1, 2, [(1.0, 0.5)])
        array([[0., 0. , 1. , 0.5], [0. , 0.5, 1. , 1. ]], dtype=float32)

    Reference:
        https://arxiv.org/abs/1506.01497, section 3.1
    """
    cells = np.moveaxis(np.indices((rows, columns)), 0, -1) + 0.5
    centres = (cells / (rows, columns))[:, :, np.newaxis]
    halves = np.array(sizes) / 2
    boxes = np.concatenate([centres - halves, centres + halves], axis=-1)
    return boxes.reshape(-1, 4).astype(np.float32)


def default_boxes(
    grids: Sequence[tuple[int, int]], scales: Sequence[float], ratios: Sequence[Sequence[float]]
) -> np.ndarray:
    """Lay boxes over the cells of grids, several around the centre of each.

    A cell of grid k has a square of the scale `s_k`, one of `sqrt(s_k s_k+1)`, and for each ratio
    `r` boxes of the height `s_k / sqrt(r)` and width `s_k sqrt(r)` and the other way round.

    Args:
        grids: Rows and columns of each grid.
        scales: Side of a square as a share of the image's, one for each grid and one more.
        ratios: Width by height of the further boxes, above 1, for each grid.

    Returns:
        `(n, 4)`, float32, not clipped: grid by grid, row by row.

    Raises:
        ValueError: If there are not as many scales and ratios as the grids need.

    Example:
        >>> len(default_boxes([(2, 2)], [0.2, 0.4], [(2, 3)]))
        24

    Reference:
        https://arxiv.org/abs/1512.02325, section 2.2
    """
    if len(scales) != len(grids) + 1 or len(ratios) != len(grids):
        raise ValueError(
            "Each grid needs a scale and ratios, and the last one a further scale. "
            f"Received: {len(grids)} grids, scales={tuple(scales)}, ratios={tuple(ratios)}"
        )
    boxes = []
    for index, (rows, columns) in enumerate(grids):
        scale = scales[index]
        middle = np.sqrt(scale * scales[index + 1])
        sizes = [(scale, scale), (middle, middle)]
        for ratio in ratios[index]:
            long, short = scale * np.sqrt(ratio), scale / np.sqrt(ratio)
            sizes += [(short, long), (long, short)]
        boxes.append(anchor_boxes(rows, columns, sizes))
    return np.concatenate(boxes)
