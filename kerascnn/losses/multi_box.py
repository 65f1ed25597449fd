"""The loss of a detector with default boxes."""

import keras
import numpy as np
from keras import ops

from kerascnn.layers.boxes import VARIANCES, encode_boxes
from kerascnn.losses.matching import match_boxes


def multi_box(
    y_true, y_pred, anchors, *, variances=VARIANCES, threshold=0.5, negatives=3.0, box_weight=1.0
):
    """Compute the cost of classes and boxes per matched anchor, in nats and squared offsets.

    `(sum of -log p + box_weight * sum of smooth L1) / N` over the `N` anchors that answer for an
    object, and in the first sum also over `negatives * N` of the others: those that take the
    background for an object most. 0 where there is no object. Computed in float32 or wider.

    Args:
        y_true: `(batch, objects, 5)`: the class, 1 and above, and the box `(ymin, xmin, ymax,
            xmax)` of each object, in [0, 1]; -1 and anything where there is none.
        y_pred: `(batch, n, 4 + 1 + classes)`: the offsets of each anchor, and logits of the
            background and the classes.
        anchors: `(n, 4)`, boxes with an area.
        variances: What offsets are multiplied by, in the order y, x, height, width.
        threshold: Least overlap of an anchor with its object, in (0, 1).
        negatives: Anchors of the background for each that answers for an object, above 0.
        box_weight: Weight of the boxes, at least 0.

    Returns:
        `(batch,)`, one cost a sample.

    Reference:
        https://arxiv.org/abs/1512.02325, eq. 1
    """
    y_pred = ops.convert_to_tensor(y_pred)
    wide = keras.backend.result_type(y_pred.dtype, "float32")
    y_true, y_pred = ops.cast(y_true, wide), ops.cast(y_pred, wide)
    label, boxes = match_boxes(y_true, anchors, threshold=threshold)
    label, boxes = ops.stop_gradient(label), ops.stop_gradient(boxes)
    positive = ops.cast(label > 0.0, wide)
    count = ops.sum(positive, axis=-1)  # (batch,)
    errors = _smooth(y_pred[..., :4] - encode_boxes(boxes, anchors, variances=variances))
    nats = -ops.log_softmax(y_pred[..., 4:], axis=-1)
    own = ops.take_along_axis(nats, ops.cast(label, "int32")[..., None], axis=-1)[..., 0]
    kept = positive + _hardest(nats[..., 0], positive, negatives * count)
    total = ops.sum(kept * own, axis=-1) + box_weight * ops.sum(positive * errors, axis=-1)
    return total / ops.maximum(count, 1.0)


@keras.saving.register_keras_serializable(package="kerascnn")
class MultiBox(keras.losses.Loss):
    """Compute `multi_box`.

    Args:
        anchors: `(n, 4)`, boxes with an area.
        variances: What offsets are multiplied by, in the order y, x, height, width.
        threshold: Least overlap of an anchor with its object, in (0, 1).
        negatives: Anchors of the background for each that answers for an object, above 0.
        box_weight: Weight of the boxes, at least 0.
        reduction: How the samples are reduced, as in every Keras loss.
        name: Name of the loss.
        dtype: Precision of the computation.

    Raises:
        ValueError: If an anchor has no area, or a number is out of its range.

    Example:
        >>> loss = kerascnn.losses.MultiBox(default_boxes([(4, 4)], (0.3, 0.5), [(2,)]))

    Reference:
        https://arxiv.org/abs/1512.02325
    """

    def __init__(
        self,
        anchors,
        variances=VARIANCES,
        threshold=0.5,
        negatives=3.0,
        box_weight=1.0,
        reduction="sum_over_batch_size",
        name="multi_box",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.anchors = _areas(anchors)
        self.variances = tuple(variances)
        self.threshold = threshold
        self.negatives = negatives
        self.box_weight = box_weight
        for key, right in (
            ("variances", len(self.variances) == 4 and min(self.variances) > 0),
            ("threshold", 0 < threshold < 1),
            ("negatives", negatives > 0),
            ("box_weight", box_weight >= 0),
        ):
            if not right:
                raise ValueError(f"{key} is out of its range. Received: {key}={getattr(self, key)}")

    def call(self, y_true, y_pred):
        """Give one cost a sample."""
        options = {k: getattr(self, k) for k in ("variances", "threshold", "negatives")}
        return multi_box(y_true, y_pred, self.anchors, box_weight=self.box_weight, **options)

    def get_config(self):
        """Describe the arguments."""
        own = {k: getattr(self, k) for k in ("threshold", "negatives", "box_weight")}
        arrays = {"anchors": self.anchors.tolist(), "variances": list(self.variances)}
        return {**super().get_config(), **arrays, **own}


def _areas(anchors):
    boxes = np.asarray(anchors, np.float32)
    if boxes.ndim != 2 or boxes.shape[1] != 4 or (boxes[:, :2] >= boxes[:, 2:]).any():
        raise ValueError(
            "Anchors must be boxes (ymin, xmin, ymax, xmax) with an area. "
            f"Received: anchors={np.array2string(boxes, threshold=8)}"
        )
    return boxes


def _smooth(errors):
    """Sum a parabola up to 1, and a line beyond, over the four offsets."""
    size = ops.abs(errors)
    return ops.sum(ops.where(size < 1.0, 0.5 * size * size, size - 0.5), axis=-1)


def _hardest(nats, positive, count):
    """Choose the costliest of what is not positive, `count` a sample; of equal ones the first."""
    costs = ops.where(positive > 0.0, -1.0, nats)
    rank = ops.argsort(ops.argsort(-costs, axis=-1), axis=-1)
    near = ops.cast(rank, nats.dtype) < count[:, None]
    return ops.cast(near, nats.dtype) * (1.0 - positive)
