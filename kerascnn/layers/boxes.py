"""Boxes `(ymin, xmin, ymax, xmax)` in a graph: offsets from anchors, and overlaps."""

import numpy as np
from keras import ops

VARIANCES = (0.1, 0.1, 0.2, 0.2)


def encode_boxes(boxes, anchors, *, variances=VARIANCES):
    """Say how anchors must be shifted and scaled to become boxes.

    offset = (centre - anchor centre) / (variance * anchor size) for y and x, and
    log(size / anchor size) / variance for height and width.

    Args:
        boxes: `(..., n, 4)`, with an area.
        anchors: `(n, 4)`, with an area.
        variances: What offsets are multiplied by, in the order y, x, height, width.

    Returns:
        Offsets of y, x, height and width, `(..., n, 4)`.

    Reference:
        https://arxiv.org/abs/1512.02325, eq. 2
    """
    centre, size = centre_and_size(boxes)
    anchor_centre, anchor_size = centre_and_size(ops.cast(anchors, boxes.dtype))
    units = ops.cast(variances, boxes.dtype)
    shift = (centre - anchor_centre) / (anchor_size * units[:2])
    scale = ops.log(size / anchor_size) / units[2:]
    return ops.concatenate([shift, scale], axis=-1)


def decode_boxes(offsets, anchors, *, variances=VARIANCES):
    """Shift and scale anchors: the inverse of `encode_boxes`.

    Args:
        offsets: `(..., n, 4)` of y, x, height and width.
        anchors: `(n, 4)`, an array, or a tensor `(..., n, 4)`.
        variances: What offsets are multiplied by, in the order y, x, height, width.

    Returns:
        Boxes, `(..., n, 4)`, not clipped.

    Reference:
        https://arxiv.org/abs/1512.02325, eq. 2
    """
    centre, size = centre_and_size(anchors)
    shift = size * np.asarray(variances[:2], np.float32)
    scales = np.asarray(variances[2:], np.float32)
    centre = offsets[..., :2] * shift + centre
    logs = offsets[..., 2:] * scales
    # exp(x), of operators that runtimes have in integers; few have exp, and an Edge TPU has not.
    half = ops.sigmoid(logs) / ops.sigmoid(-logs) * (size / 2)
    return ops.concatenate([centre - half, centre + half], axis=-1)


def decode_cells(places, rows, columns):
    """Give the boxes that the cells of a grid predict.

    Args:
        places: `(..., cells, boxes, 4)`: y and x of the centre in its cell, and the square roots of
            height and width as shares of the image's; row by row.
        rows: Rows of the grid.
        columns: Columns of the grid.

    Returns:
        Boxes, `(..., cells, boxes, 4)`, not clipped.

    Reference:
        https://arxiv.org/abs/1506.02640, section 2
    """
    corners = np.moveaxis(np.indices((rows, columns)), 0, -1).reshape(-1, 1, 2)
    grid = np.array([rows, columns])
    step, start = (1 / grid).astype(np.float32), (corners / grid).astype(np.float32)
    centre = places[..., :2] * step + start
    root = places[..., 2:]
    half = root * root * 0.5  # a product stays in integers where a square does not
    return ops.concatenate([centre - half, centre + half], axis=-1)


def overlap(first, second):
    """Compute the intersection over union of boxes.

    Args:
        first: `(..., 4)`.
        second: `(..., 4)`, of a shape that broadcasts with the first.

    Returns:
        Shares in [0, 1], one a pair; 0 where neither has an area.
    """
    low = ops.maximum(first[..., :2], second[..., :2])
    high = ops.minimum(first[..., 2:], second[..., 2:])
    shared = ops.prod(ops.relu(high - low), axis=-1)
    areas = [ops.prod(ops.relu(box[..., 2:] - box[..., :2]), axis=-1) for box in (first, second)]
    union = areas[0] + areas[1] - shared
    return shared / ops.where(union > 0.0, union, 1.0)


def centre_and_size(boxes):
    """Give y and x of the middles of boxes, and their heights and widths, `(..., 2)` each."""
    return (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]
