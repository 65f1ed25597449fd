"""From the offsets that detectors predict to boxes.

All take `order`: "yx" where a file gives y before x and the height before the width, else "xy".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..runtime.tensors import Array
from .boxes import from_centres
from .probabilities import ACTIVATIONS, sigmoid

# exp of more overflows sooner or later; such a box covers the whole picture anyway.
_LARGEST = 20.0


def decode_ssd(
    offsets: Array,
    anchors: Array,
    *,
    variances: Sequence[float] = (0.1, 0.1, 0.2, 0.2),
    order: str = "yx",
) -> Array:
    """Shift and scale anchors as a single-shot detector says.

    centre = anchor centre + variance * offset * anchor size, size = anchor size * exp(variance *
    offset).

    Args:
        offsets: Shape (n, 4): two for the centre, two for the size.
        anchors: Boxes of shape (n, 4).
        variances: What the offsets are multiplied by, in the order y, x, height, width.
        order: "yx" or "xy", of the offsets.

    Returns:
        Boxes of shape (n, 4), float64, not clipped.

    Raises:
        ValueError: If there are not as many offsets as anchors.

    Reference:
        Liu et al., SSD: Single Shot MultiBox Detector, 2016, eq. 2.
    """
    offsets, anchors = np.asarray(offsets, np.float64), np.asarray(anchors, np.float64)
    if offsets.shape != anchors.shape or anchors.ndim != 2 or anchors.shape[1] != 4:
        raise ValueError(
            "Each anchor of shape (4,) has 4 offsets. "
            f"Received: anchors of shape {anchors.shape}, offsets of shape {offsets.shape}"
        )
    scaled = y_first(offsets, order) * np.asarray(variances)
    sizes = anchors[:, 2:] - anchors[:, :2]
    centres = (anchors[:, :2] + anchors[:, 2:]) / 2 + scaled[:, :2] * sizes
    return from_centres(centres, sizes * np.exp(scaled[:, 2:].clip(None, _LARGEST)))


def decode_yolo(
    cells: Array, priors: Array, *, activation: str = "sigmoid", order: str = "yx"
) -> tuple[Array, Array]:
    """Read the grid of a YOLO that scales prior sizes.

    Args:
        cells: Logits of shape (H, W, A * (5 + classes)): for each prior the centre in the cell,
            the log of the scale, the objectness, and the classes.
        priors: Heights and widths of shape (A, 2), as shares of the picture's.
        activation: "sigmoid" as in version 3 or "softmax" as in version 2, of the classes.
        order: "yx" or "xy", of the centres and scales; priors have the height first always.

    Returns:
        Boxes of shape (H * W * A, 4), and scores of shape (H * W * A, classes): objectness times
        the class's probability. Both float64.

    Raises:
        ValueError: If the depth of the grid doesn't fit the priors.

    Reference:
        Redmon and Farhadi, YOLO9000, 2017, sec. 2; YOLOv3, 2018, sec. 2.1.
    """
    height, width, depth = np.shape(cells)
    if depth % len(priors) or depth < 6 * len(priors):
        raise ValueError(
            "The depth of a grid is priors * (5 + classes). "
            f"Received: depth {depth}, {len(priors)} priors"
        )
    cells = np.asarray(cells, np.float64).reshape(height, width, len(priors), -1)
    offsets = y_first(cells[..., :4], order)
    centres = (sigmoid(offsets[..., :2]) + _corners(height, width)) / (height, width)
    sizes = np.asarray(priors) * np.exp(offsets[..., 2:].clip(None, _LARGEST))
    scores = sigmoid(cells[..., 4:5]) * ACTIVATIONS[activation](cells[..., 5:])
    return from_centres(centres, sizes).reshape(-1, 4), scores.reshape(-1, scores.shape[-1])


def decode_grid(cells: Array, classes: int, *, order: str = "yx") -> tuple[Array, Array]:
    """Read the grid of the first YOLO, which predicts boxes without priors.

    Args:
        cells: Shape (H, W, B * 5 + classes): for each of B boxes its centre in the cell, its size
            as a share of the picture's and its confidence; then the probabilities of the classes.
        classes: Number of classes.
        order: "yx" or "xy", of the centres and sizes.

    Returns:
        Boxes of shape (H * W * B, 4), and scores of shape (H * W * B, classes): confidence times
        the class's probability. Both float64.

    Raises:
        ValueError: If the depth of the grid doesn't fit the classes.

    Reference:
        Redmon et al., You Only Look Once, 2016, sec. 2.
    """
    height, width, depth = np.shape(cells)
    if classes < 1 or depth <= classes or (depth - classes) % 5:
        raise ValueError(
            "The depth of a grid is boxes * 5 + classes. "
            f"Received: depth {depth}, {classes} classes"
        )
    cells = np.asarray(cells, np.float64)
    boxes = cells[..., :-classes].reshape(height, width, -1, 5)
    places = y_first(boxes[..., :4], order)
    centres = (places[..., :2] + _corners(height, width)) / (height, width)
    scores = boxes[..., 4:] * cells[..., None, -classes:]
    return from_centres(centres, places[..., 2:]).reshape(-1, 4), scores.reshape(-1, classes)


def y_first(values: Array, order: str) -> Array:
    """Put y before x and height before width in values (..., 4)."""
    return values if order == "yx" else values[..., [1, 0, 3, 2]]


def _corners(height: int, width: int) -> Array:
    """Give row and column of each cell, shape (H, W, 1, 2)."""
    return np.moveaxis(np.indices((height, width)), 0, -1)[:, :, None]
