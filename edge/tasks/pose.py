"""Where the key points of a body, a face or a hand are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..decoding.heatmaps import decode_heatmaps
from ..errors import ModelError
from ..runtime.model import Model
from .outputs import labels_for, only, outputs_for
from .picture import Picture


@dataclass(frozen=True)
class Keypoint:
    """A point of a body.

    Args:
        name: Its name; its index as text when the model names no points.
        y: How far down it is, as a share of the picture's height, in [0, 1].
        x: How far right it is, as a share of the picture's width, in [0, 1].
        score: Height of its peak; 1 when the model says nothing about how sure it is.
        index: Its place in the model's output, to which the skeleton refers.
    """

    name: str
    y: float
    x: float
    score: float
    index: int


def locate(model: Model, image: Picture) -> list[Keypoint]:
    """Find the key points of the body in a picture.

    Args:
        model: A model of task `pose`, which gives a heat map for each point, of shape
            (1, H, W, points); or coordinates in [0, 1], of shape (1, points, 2) for (y, x) or
            (1, points, 3) for (y, x, score).
        image: A path, a Pillow image, or a uint8 array (H, W) or (H, W, C).

    Returns:
        All points in the order of the model, also those that the model is not sure of.

    Raises:
        ModelError: If the model gives neither, or there is not a label for each point.
        ValueError: If the image is no picture.
    """
    values = only(outputs_for(model, image))
    if not np.isfinite(values).all():
        raise ModelError("Heat maps and points must be finite. Received: nan or infinite values")
    if values.ndim == 4:
        places, scores = decode_heatmaps(values[0])
    elif values.ndim == 3 and values.shape[-1] in (2, 3):
        places, scores = values[0, :, :2], values[0, :, 2:]
        scores = scores[:, 0] if scores.size else np.ones(len(places))
    else:
        raise ModelError(
            "Key points take heat maps (1, H, W, points) or coordinates (1, points, 2 or 3). "
            f"Received: shape={values.shape}"
        )
    names = labels_for(model.metadata.labels, len(places))
    ends = places.clip(0, 1).astype(float)
    return [
        Keypoint(name, float(y), float(x), float(score), index)
        for index, (name, (y, x), score) in enumerate(zip(names, ends, scores, strict=True))
    ]
