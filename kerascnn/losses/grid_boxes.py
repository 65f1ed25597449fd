"""The loss of a detector whose grid cells predict boxes without default ones."""

import keras
from keras import ops

from kerascnn.layers.boxes import decode_cells, overlap


def grid_boxes(y_true, y_pred, *, boxes, coordinates=5.0, nothing=0.5):
    """Compute the squared errors of a grid of boxes, confidences and classes.

    The cell in which the centre of an object lies answers for it, with that of its boxes which
    overlaps the object most now. Where several centres lie in a cell, the first object counts.
    `coordinates` times the squared errors of the centre and of the square roots of height and
    width of these boxes, the squared error of their confidence, which is to be the overlap, and
    of the classes of these cells, and `nothing` times the squared confidences of all other boxes.
    Computed in float32 or wider.

    Args:
        y_true: `(batch, objects, 5)`: the class, 1 and above, and the box `(ymin, xmin, ymax,
            xmax)` of each object, in [0, 1]; -1 and anything where there is none.
        y_pred: `(batch, rows, columns, boxes * 5 + classes)`: for each box y and x of its centre
            in the cell, the square roots of its height and width as shares of the image's, and
            its confidence; then a number for each class.
        boxes: Boxes of a cell, at least 1.
        coordinates: Weight of centres and sizes, at least 0.
        nothing: Weight of the confidences of boxes that answer for no object, at least 0.

    Returns:
        `(batch,)`, one cost a sample.

    Reference:
        https://arxiv.org/abs/1506.02640, eq. 3
    """
    y_pred = ops.convert_to_tensor(y_pred)
    wide = keras.backend.result_type(y_pred.dtype, "float32")
    y_true, y_pred = ops.cast(y_true, wide), ops.cast(y_pred, wide)
    rows, columns, depth = y_pred.shape[1:]
    label, place, whole = _targets(y_true, rows, columns)
    cells = ops.reshape(y_pred, (-1, rows * columns, depth))
    each = ops.reshape(cells[..., : 5 * boxes], (-1, rows * columns, boxes, 5))
    shares = ops.stop_gradient(overlap(decode_cells(each[..., :4], rows, columns), whole))
    there = ops.cast(label > 0.0, wide)[..., None]  # (batch, cells, 1)
    chosen = there * ops.one_hot(ops.argmax(shares, axis=-1), boxes, dtype=wide)
    errors = ops.sum(ops.square(each[..., :4] - place), axis=-1)
    confidence = each[..., 4]
    costs = coordinates * chosen * errors + chosen * ops.square(confidence - shares)
    costs = costs + nothing * (1.0 - chosen) * ops.square(confidence)
    classes = cells[..., 5 * boxes :]
    wanted = ops.one_hot(ops.cast(label, "int32") - 1, classes.shape[-1], dtype=wide)
    return ops.sum(costs, axis=(1, 2)) + ops.sum(there * ops.square(classes - wanted), axis=(1, 2))


@keras.saving.register_keras_serializable(package="kerascnn")
class GridBoxes(keras.losses.Loss):
    """Compute `grid_boxes`.

    Args:
        boxes: Boxes of a cell, at least 1.
        coordinates: Weight of centres and sizes, at least 0.
        nothing: Weight of the confidences of boxes that answer for no object, at least 0.
        reduction: How the samples are reduced, as in every Keras loss.
        name: Name of the loss.
        dtype: Precision of the computation.

    Raises:
        ValueError: If a number is out of its range.

    Example:
        >>> model.compile("adam", loss=kerascnn.losses.GridBoxes(boxes=2))

    Reference:
        https://arxiv.org/abs/1506.02640
    """

    def __init__(
        self,
        boxes,
        coordinates=5.0,
        nothing=0.5,
        reduction="sum_over_batch_size",
        name="grid_boxes",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        for key, value, least in (
            ("boxes", boxes, 1),
            ("coordinates", coordinates, 0),
            ("nothing", nothing, 0),
        ):
            if value < least:
                raise ValueError(f"{key} must be at least {least}. Received: {key}={value}")
        self.boxes = boxes
        self.coordinates = coordinates
        self.nothing = nothing

    def call(self, y_true, y_pred):
        """Give one cost a sample."""
        weights = {"coordinates": self.coordinates, "nothing": self.nothing}
        return grid_boxes(y_true, y_pred, boxes=self.boxes, **weights)

    def get_config(self):
        """Describe the arguments."""
        own = {"boxes": self.boxes, "coordinates": self.coordinates, "nothing": self.nothing}
        return {**super().get_config(), **own}


def _targets(y_true, rows, columns):
    """Give for each cell the class of its object, what its boxes are to be, and the whole box.

    Shapes `(batch, cells)`, `(batch, cells, 1, 4)` and `(batch, cells, 1, 4)`.
    """
    classes, box = y_true[..., 0], y_true[..., 1:]
    grid = ops.cast([rows, columns], box.dtype)
    centre = (box[..., :2] + box[..., 2:]) / 2 * grid  # (batch, objects, 2), in cells
    cell = ops.clip(ops.floor(centre), 0.0, grid - 1.0)
    there = ops.cast(classes > 0.0, box.dtype)
    size = ops.sqrt(ops.relu(box[..., 2:] - box[..., :2]))
    number = ops.cast(cell[..., 0] * columns + cell[..., 1], "int32")
    inside = there[..., None] * ops.one_hot(number, rows * columns, dtype=box.dtype)
    first = inside * ops.cast(ops.cumsum(inside, axis=1) <= 1.0, box.dtype)
    values = ops.concatenate([classes[..., None], centre - cell, size, box], axis=-1)
    values = ops.where(there[..., None] > 0.0, values, 0.0)  # what fills up may be anything
    found = ops.einsum("boc,bov->bcv", first, values)
    return found[..., 0], found[..., None, 1:5], found[..., None, 5:]
