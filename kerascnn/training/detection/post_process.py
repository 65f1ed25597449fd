"""The post-process of detectors that TFLite has an operator for."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from kerascnn.layers import decode_boxes
from kerascnn.layers.boxes import VARIANCES

OPERATOR = "TFLite_Detection_PostProcess"
# The arguments of the operator that are whole numbers; the others are floats or truths.
_KINDS = {bool: "b", int: "i", float: "f"}


@keras.saving.register_keras_serializable(package="kerascnn")
class DetectionPostProcess(layers.Layer):
    """Decodes boxes and keeps the best of those of a class that overlap.

    A TFLite file has one custom operator for it, which every runtime of TFLite brings along and
    MediaPipe's object detector knows; `export.to_tflite` takes it with `allow=(OPERATOR,)`.

    Args:
        anchors: Boxes, `(n, 4)`.
        background: Whether the first class is the background.
        max_detections: Most boxes to keep, at least 1.
        score_threshold: Only higher scores count, in [0, 1].
        iou_threshold: Boxes that overlap a better one of their class by more are dropped, in
            [0, 1].
        variances: What offsets are multiplied by, in the order y, x, height, width.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: Offsets, `(batch, n, 4)`, and scores in [0, 1], `(batch, n, classes)`, those of the
            background included.

    Output shape:
        A dictionary of `boxes`, `(batch, max_detections, 4)`, `classes` and `scores`,
        `(batch, max_detections)`, the best first, and `count`, `(batch,)`: how many they are,
        before the zeros.

    Raises:
        ValueError: If a number is out of its range.

    Reference:
        https://arxiv.org/abs/1512.02325
    """

    def __init__(
        self,
        anchors: Any,
        *,
        background: bool = True,
        max_detections: int = 10,
        score_threshold: float = 0.5,
        iou_threshold: float = 0.45,
        variances: Sequence[float] = VARIANCES,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if max_detections < 1 or not (0 <= score_threshold <= 1 and 0 <= iou_threshold <= 1):
            raise ValueError(
                "max_detections must be at least 1, and both thresholds in [0, 1]. Received: "
                f"max_detections={max_detections}, score_threshold={score_threshold}, "
                f"iou_threshold={iou_threshold}"
            )
        self.anchors = np.asarray(anchors, np.float32)
        self.background = background
        self.max_detections = max_detections
        self.score_threshold = score_threshold
        self.iou_threshold = iou_threshold
        self.variances = tuple(variances)

    def call(self, inputs):
        """Keep the best boxes."""
        offsets, scores = inputs
        low, high = self.anchors[:, :2], self.anchors[:, 2:]
        anchors = np.concatenate([(low + high) / 2, high - low], axis=-1)
        # The converter writes one operator for a function of this name.
        keep = tf.function(self._keep, experimental_implements=self._operator(scores.shape[-1]))
        boxes, classes, scores, count = keep(offsets, scores, tf.constant(anchors))
        return {"boxes": boxes, "classes": classes, "scores": scores, "count": count}

    def get_config(self):
        """Describe the arguments."""
        names = ("background", "max_detections", "score_threshold", "iou_threshold")
        arrays = {"anchors": self.anchors.tolist(), "variances": list(self.variances)}
        return {**super().get_config(), **arrays, **{name: getattr(self, name) for name in names}}

    def _keep(self, offsets, scores, anchors):
        del anchors  # an input of the operator
        boxes = decode_boxes(offsets, self.anchors, variances=self.variances)
        found, best, classes, count = tf.image.combined_non_max_suppression(
            boxes[:, :, tf.newaxis],
            scores[..., int(self.background) :],
            self.max_detections,
            self.max_detections,
            self.iou_threshold,
            self.score_threshold,
            clip_boxes=False,
        )
        return found, classes, best, tf.cast(count, tf.float32)

    def _operator(self, columns: int) -> str:
        """Give the operator with its arguments, in the words of the converter."""
        y, x, height, width = self.variances
        arguments = {
            "max_detections": self.max_detections,
            "max_classes_per_detection": 1,
            "detections_per_class": self.max_detections,
            "use_regular_nms": True,
            "nms_score_threshold": float(self.score_threshold),
            "nms_iou_threshold": float(self.iou_threshold),
            "num_classes": columns - self.background,
            **{"y_scale": 1 / y, "x_scale": 1 / x, "h_scale": 1 / height, "w_scale": 1 / width},
        }
        words = [
            f'attr {{ key: "{key}" value {{ {_KINDS[type(value)]}: {str(value).lower()} }} }}'
            for key, value in arguments.items()
        ]
        return f'name: "{OPERATOR}" {" ".join(words)}'
