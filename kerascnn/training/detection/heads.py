"""From the outputs of detectors to boxes and scores, by functional models without weights."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops
from keras.initializers import RandomNormal

from kerascnn.layers import decode_boxes, decode_cells
from kerascnn.training.detection.post_process import DetectionPostProcess


def predict_rows(
    maps: Sequence[Any],
    counts: Sequence[int],
    numbers: int,
    *,
    name: str,
    kernel_size: int = 3,
    deviation: float | None = None,
) -> Any:
    """Predict numbers for each anchor by a convolution of each map.

    Args:
        maps: Each `(batch, height, width, channels)`.
        counts: Anchors of a place of each map.
        numbers: Numbers of an anchor.
        name: Name of the result, with which those of the layers begin.
        kernel_size: Height and width of the kernels.
        deviation: Standard deviation of the first kernels; that of Glorot and Bengio when None.

    Returns:
        `(batch, n, numbers)`, float32: map by map, row by row.
    """
    start = "glorot_uniform" if deviation is None else RandomNormal(stddev=deviation)
    options = {"padding": "same", "dtype": "float32", "kernel_initializer": start}
    rows = []
    for index, (x, count) in enumerate(zip(maps, counts, strict=True), 1):
        x = layers.Conv2D(numbers * count, kernel_size, name=f"{name}{index}", **options)(x)
        rows.append(layers.Reshape((-1, numbers), name=f"{name}{index}_rows")(x))
    if len(rows) == 1:
        return rows[0]
    return layers.Concatenate(axis=1, dtype="float32", name=name)(rows)


def anchored_head(anchors: Any, num_classes: int) -> keras.Model:
    """Make a head for offsets from anchors.

    Args:
        anchors: Boxes, `(n, 4)`.
        num_classes: Number of classes, without the background.

    Returns:
        A model from offsets, `(batch, n, 4)`, and logits of the background and the classes,
        `(batch, n, 1 + num_classes)`, to `boxes` in [0, 1] and `scores`, the probabilities of the
        classes.
    """
    offsets = keras.Input((len(anchors), 4), name="offsets")
    logits = keras.Input((len(anchors), 1 + num_classes), name="logits")
    boxes = ops.clip(decode_boxes(offsets, anchors), 0.0, 1.0)
    scores = layers.Softmax(dtype="float32")(logits)[..., 1:]
    return keras.Model([offsets, logits], {"boxes": boxes, "scores": scores}, name="head")


def post_process_head(anchors: Any, num_classes: int, **options: Any) -> keras.Model:
    """Make a head that also keeps the best boxes, by an operator that only TFLite has.

    Args:
        anchors: Boxes, `(n, 4)`.
        num_classes: Number of classes, without the background.
        **options: Further arguments of `DetectionPostProcess`, such as `max_detections`.

    Returns:
        A model from what `anchored_head` takes to what `DetectionPostProcess` gives.
    """
    offsets = keras.Input((len(anchors), 4), name="offsets")
    logits = keras.Input((len(anchors), 1 + num_classes), name="logits")
    scores = layers.Softmax(dtype="float32")(logits)
    kept = DetectionPostProcess(anchors, dtype="float32", name="post_process", **options)
    return keras.Model([offsets, logits], kept([offsets, scores]), name="head")


def grid_head(shape: Sequence[int], boxes: int) -> keras.Model:
    """Make a head for a grid of cells.

    Args:
        shape: Rows, columns and `boxes * 5 + classes`, as the loss `grid_boxes` takes them.
        boxes: Boxes of a cell.

    Returns:
        A model from grids to `boxes`, `(batch, rows * columns * boxes, 4)` in [0, 1], and `scores`
        in [0, 1], the confidence of each box times the numbers of its cell's classes.
    """
    rows, columns, depth = shape
    count = rows * columns
    grid = keras.Input(shape, name="grid")
    cells = ops.reshape(grid, (-1, count, 1, depth))
    each = ops.reshape(cells[..., : 5 * boxes], (-1, count, boxes, 5))
    placed = ops.clip(decode_cells(each[..., :4], rows, columns), 0.0, 1.0)
    sure, likely = (ops.clip(x, 0.0, 1.0) for x in (each[..., 4:], cells[..., 5 * boxes :]))
    outputs = {
        "boxes": ops.reshape(placed, (-1, count * boxes, 4)),
        "scores": ops.reshape(sure * likely, (-1, count * boxes, depth - 5 * boxes)),
    }
    return keras.Model(grid, outputs, name="head")
