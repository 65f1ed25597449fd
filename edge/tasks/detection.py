"""What is where in a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..decoding.boxes import non_max_suppression
from ..decoding.detectors import decode_outputs
from ..description.detector import Detector
from ..description.metadata import Metadata
from ..errors import ModelError
from ..runtime.model import Model
from ..runtime.tensors import Array
from .outputs import labels_for, outputs_for
from .picture import Picture


@dataclass(frozen=True)
class Detection:
    """Something that a picture shows.

    Args:
        label: Name of its class; the index as text when the model names no classes.
        score: How sure the model is, in [0, 1].
        index: Index of its class.
        box: (ymin, xmin, ymax, xmax) as shares of the picture's height and width, in [0, 1].
    """

    label: str
    score: float
    index: int
    box: tuple[float, float, float, float]


def detect(
    model: Model,
    image: Picture,
    *,
    score_threshold: float | None = None,
    iou_threshold: float | None = None,
    max_detections: int = 100,
) -> list[Detection]:
    """Find what a picture shows, and where.

    Args:
        model: A model of task `detection`; what its outputs mean stands in `metadata.detector`.
        image: A path, a Pillow image, or a uint8 array (H, W) or (H, W, C).
        score_threshold: Only detections with a higher score count; the file's own when None.
        iou_threshold: Detections that overlap a better one of their class by more are dropped;
            the file's own when None.
        max_detections: Most detections to return, at least 1.

    Returns:
        The detections, the best first; none when nothing is found.

    Raises:
        ModelError: If the outputs aren't what the file says, or there is not a label for each
            class.
        ValueError: If the image is no picture, or a number is out of range.
    """
    detector = model.metadata.detector or Detector()
    boxes, scores = _decode(model, image, detector)
    labels = labels_for(model.metadata.labels, scores.shape[1])
    kept, classes = non_max_suppression(
        boxes,
        scores,
        score_threshold=detector.score_threshold if score_threshold is None else score_threshold,
        iou_threshold=detector.iou_threshold if iou_threshold is None else iou_threshold,
        max_detections=max_detections,
    )
    return [
        Detection(labels[index], float(scores[row, index]), int(index), tuple(box))
        for row, index, box in zip(kept, classes, boxes[kept].clip(0, 1).tolist(), strict=True)
    ]


def rows(result: list[Detection], metadata: Metadata) -> list[dict[str, Any]]:
    """Give each detection as a row, its box as four numbers."""
    return [
        {
            "label": found.label,
            "score": found.score,
            **dict(zip(("ymin", "xmin", "ymax", "xmax"), found.box, strict=True)),
        }
        for found in result
    ]


def _decode(model: Model, image: Picture, detector: Detector) -> tuple[Array, Array]:
    outputs = outputs_for(model, image)
    try:
        return decode_outputs(outputs, detector, len(model.metadata.labels))
    except (KeyError, IndexError, ValueError) as error:
        shapes = {name: array.shape for name, array in outputs.items()}
        raise ModelError(
            f"The outputs must fit the decoder {detector.decoder!r}. Received: {shapes} ({error})"
        ) from error
