"""From the outputs of a detector to boxes and scores, as its description says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from ..description.detector import Detector
from ..runtime.tensors import Array
from .anchors import decode_grid, decode_ssd, decode_yolo, y_first
from .probabilities import ACTIVATIONS

Outputs: TypeAlias = Mapping[str, Array]

# The order in which the detection post-process of TFLite gives its outputs.
_POST_PROCESS = ("boxes", "classes", "scores", "count")
_CLASSES = 10_000  # no detector has as many; an index above is none


def decode_outputs(outputs: Outputs, detector: Detector, labels: int) -> tuple[Array, Array]:
    """Read the outputs of a detector for one picture.

    Args:
        outputs: Arrays of shape (1, ...) by name.
        detector: What they mean.
        labels: Number of classes without the background; 0 when not known.

    Returns:
        Boxes of shape (n, 4), not clipped, and their scores of shape (n, classes), without the
        background.

    Raises:
        KeyError: If an output is missing.
        ValueError: If the outputs don't fit each other or the description.
    """
    if not all(np.isfinite(array).all() for array in outputs.values()):
        raise ValueError("some are nan or infinite")
    columns = labels + detector.background if labels else 0
    boxes, scores = _DECODERS[detector.decoder](outputs, detector, columns)
    if boxes.shape != (len(scores), 4) or scores.ndim != 2:
        raise ValueError(f"boxes of shape {boxes.shape}, scores of shape {scores.shape}")
    return boxes, scores[:, int(detector.background) :]


def _ssd(outputs: Outputs, detector: Detector, columns: int) -> tuple[Array, Array]:
    boxes = decode_ssd(
        outputs["boxes"][0],
        np.asarray(detector.anchors),
        variances=detector.variances,
        order=detector.order,
    )
    return boxes, ACTIVATIONS[detector.activation](outputs["scores"][0])


def _yolo(outputs: Outputs, detector: Detector, columns: int) -> tuple[Array, Array]:
    """Share the anchors among the grids, the finest first."""
    grids = sorted((array[0] for array in outputs.values()), key=lambda grid: -grid[..., 0].size)
    shares = np.split(np.asarray(detector.anchors), len(grids))
    found = [
        decode_yolo(grid, priors, activation=detector.activation, order=detector.order)
        for grid, priors in zip(grids, shares, strict=True)
    ]
    boxes, scores = zip(*found, strict=True)
    return np.concatenate(boxes), np.concatenate(scores)


def _grid(outputs: Outputs, detector: Detector, columns: int) -> tuple[Array, Array]:
    (cells,) = outputs.values()
    return decode_grid(cells[0], columns, order=detector.order)


def _decoded(outputs: Outputs, detector: Detector, columns: int) -> tuple[Array, Array]:
    """Take boxes as they are; with one class each, make them scores for all classes."""
    if "boxes" not in outputs:
        outputs = dict(zip(_POST_PROCESS, outputs.values(), strict=False))
    boxes, scores = y_first(outputs["boxes"][0], detector.order), outputs["scores"][0]
    if "classes" not in outputs:
        return boxes, ACTIVATIONS[detector.activation](scores)
    count = int(outputs["count"].reshape(-1)[0]) if "count" in outputs else len(scores)
    boxes, scores = boxes[: max(count, 0)], scores[: max(count, 0)]
    classes = np.rint(outputs["classes"][0][: max(count, 0)]).astype(int)
    last, most = classes.max(initial=-1), columns or _CLASSES
    if classes.min(initial=0) < 0 or last >= most:
        raise ValueError(f"no class below 0 or above {most - 1}: {classes.min()} to {last}")
    each = np.zeros((len(scores), columns or last + 1))
    each[np.arange(len(scores)), classes] = scores
    return boxes, each


_DECODERS: Mapping[str, Callable[[Outputs, Detector, int], tuple[Array, Array]]] = {
    "ssd": _ssd,
    "yolo": _yolo,
    "grid": _grid,
    "boxes": _decoded,
}
