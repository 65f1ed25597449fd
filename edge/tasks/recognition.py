"""What is in a picture: classes, a vector that describes it, a mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..decoding.components import connected_components
from ..description.metadata import Metadata
from ..errors import ModelError
from ..runtime.model import Model
from ..runtime.tensors import Array
from .outputs import labels_for, only, outputs_for
from .picture import Picture
from .tiling import tiled


@dataclass(frozen=True)
class Class:
    """A class that a picture may show.

    Args:
        label: Its name; its index as text when the model names no classes.
        score: What the model gives it: a probability, if the model ends in a softmax.
        index: Its place in the model's output.
    """

    label: str
    score: float
    index: int


def classify(model: Model, image: Picture, *, top_k: int = 5) -> list[Class]:
    """Find the classes that a picture most probably shows.

    Args:
        model: A model of task `classification`.
        image: A path, a Pillow image, or a uint8 array (H, W) or (H, W, C).
        top_k: Number of classes, at least 1.

    Returns:
        At most `top_k` classes, the best first; equal scores in the order of the classes.

    Raises:
        ModelError: If the model gives no scores, or not one for each of its labels.
        ValueError: If the image is no picture, or `top_k` is below 1.
    """
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1. Received: top_k={top_k}")
    scores = only(outputs_for(model, image)).reshape(-1)
    labels = labels_for(model.metadata.labels, len(scores))
    best = np.argsort(-scores, kind="stable")[:top_k]
    return [Class(labels[i], float(scores[i]), int(i)) for i in best]


def embed(model: Model, image: Picture) -> Array:
    """Describe a picture by a vector; the inner product of two says how alike they are.

    Args:
        model: A model of task `embedding` or `clustering`.
        image: A path, a Pillow image, or a uint8 array (H, W) or (H, W, C).

    Returns:
        A vector of length 1, float32.

    Raises:
        ModelError: If the model gives the zero vector, which has no direction.
        ValueError: If the image is no picture.
    """
    vector = only(outputs_for(model, image)).reshape(-1).astype(np.float32)
    length = np.linalg.norm(vector)
    if not length:
        raise ModelError(f"An embedding must not be zero. Received: {len(vector)} zeros")
    unit: Array = vector / length
    return unit


def segment(model: Model, image: Picture, *, overlap: int | None = None) -> Array:
    """Find the class of each pixel.

    The picture is stretched to the model's size, or, when an overlap is given, goes through the
    model tile by tile in its own size.

    Args:
        model: A model of task `segmentation`, which gives scores of shape (1, H, W, classes); with
            one class only, pixels with a score above 0 belong to it.
        image: A path, a Pillow image, or a uint8 array (H, W) or (H, W, C).
        overlap: Pixels that neighbouring tiles share at least.

    Returns:
        The classes, int32, of shape (H, W): the size of the model, or with tiles of the picture.

    Raises:
        ModelError: If the model gives no scores for pixels.
        ValueError: If the overlap is out of range, or the image is no picture.
    """
    if overlap is None:
        scores = only(outputs_for(model, image))
    else:
        scores = tiled(model, image, overlap=overlap)[None]
    if scores.ndim != 4:
        raise ModelError(f"A mask takes scores (1, H, W, classes). Received: shape={scores.shape}")
    mask = scores[0, ..., 0] > 0 if scores.shape[-1] == 1 else scores[0].argmax(axis=-1)
    return mask.astype(np.int32)


def instances(model: Model, image: Picture, *, overlap: int | None = None) -> Array:
    """Find the things in a picture that have a class, each by itself.

    Connected pixels of one class are one thing: a model leaves background between what touches.

    Args:
        model: A model of task `instance_segmentation`, or of `segmentation`.
        image: A path, a Pillow image, or a uint8 array (H, W) or (H, W, C).
        overlap: Pixels that neighbouring tiles share at least, as `segment` takes it.

    Returns:
        0 for the background and a number from 1 for each thing, int32, of shape (H, W).

    Raises:
        ModelError: If the model gives no scores for pixels.
        ValueError: If the overlap is out of range, or the image is no picture.
    """
    return connected_components(segment(model, image, overlap=overlap))


def components(vector: Array, metadata: Metadata) -> dict[str, Any]:
    """Give an embedding as a list of its numbers."""
    return {"embedding": vector.tolist()}


def shares(mask: Array, metadata: Metadata) -> dict[str, Any]:
    """Give the share of the pixels that each class in a mask has."""
    classes, counts = np.unique(mask, return_counts=True)
    labels = metadata.labels or tuple(map(str, range(classes.max() + 1)))
    return {labels[index]: count / mask.size for index, count in zip(classes, counts, strict=True)}


def extents(numbers: Array, metadata: Metadata) -> list[dict[str, Any]]:
    """Give each instance as a row: its share of the pixels, and its box in [0, 1]."""
    found = []
    for number in range(1, numbers.max(initial=0) + 1):
        places = np.argwhere(numbers == number)
        box = np.concatenate([places.min(axis=0), places.max(axis=0) + 1])
        sides = (box / np.tile(numbers.shape, 2)).tolist()
        named = dict(zip(("ymin", "xmin", "ymax", "xmax"), sides, strict=True))
        found.append({"number": number, "share": len(places) / numbers.size, **named})
    return found
