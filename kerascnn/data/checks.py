"""Refuses arrays that cannot be a data set, naming the first bad element and the remedy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from kerascnn.data.ranges import check_range, first, integers


def check_images(images: ArrayLike) -> np.ndarray:
    """Return images as `(count, height, width, channels)`, float32 in [0, 1] or uint8.

    Args:
        images: `(count, height, width)` or `(count, height, width, channels)`, floats in [0, 1]
            or uint8.

    Raises:
        ValueError: If the shape, the type or a value does not fit.
    """
    images = np.asarray(images)
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4 or 0 in images.shape:
        raise ValueError(
            "Images must have the shape (count, height, width[, channels]), none of them 0. "
            f"Received: images of shape {images.shape}"
        )
    if images.dtype == np.uint8:
        return images
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(
            "Images must be uint8 in 0..255 or floating point in [0, 1]; convert them with "
            f"astype. Received: images of type {images.dtype}"
        )
    pixels = images.reshape(len(images), -1)
    bad = np.logical_not(np.isfinite(pixels).all(axis=1))
    if bad.any():
        raise ValueError(
            "Images must be finite; repair or remove those that are not. "
            f"Received: NaN or infinity in {bad.sum()} of {len(images)}, "
            f"first in images[{first(bad)}]"
        )
    bad = (pixels.min(axis=1) < 0) | (pixels.max(axis=1) > 1)
    if bad.any():
        row = pixels[first(bad)]
        raise ValueError(
            "Images must lie in [0, 1]; divide them by their largest possible value, or pass "
            f"uint8. Received: images[{first(bad)}] in [{row.min():g}, {row.max():g}]"
        )
    return images.astype(np.float32)


def check_labels(labels: ArrayLike, count: int, label_names: Sequence[str]) -> np.ndarray:
    """Return labels as int32 `(count,)`.

    Args:
        labels: Integers from 0, one for each image.
        count: Number of images.
        label_names: Name of each value; any value from 0 is taken when empty.

    Raises:
        ValueError: If the shape, the type or a value does not fit.
    """
    labels = integers("labels", np.asarray(labels))
    if labels.shape != (count,):
        raise ValueError(
            f"Labels must be one integer for each of the {count} images. "
            f"Received: labels of shape {labels.shape}"
        )
    check_range("labels", labels[:, np.newaxis], label_names)
    return labels.astype(np.int32)


def check_masks(
    masks: ArrayLike, shape: tuple[int, ...], label_names: Sequence[str], name: str = "masks"
) -> np.ndarray:
    """Return masks as int32 `(count, height, width)`.

    Args:
        masks: Integers from 0 (background), one for each pixel; a last axis of 1 is dropped.
        shape: Shape of the images, `(count, height, width, channels)`.
        label_names: Name of each value; any value from 0 is taken when empty.
        name: What to call them in an error.

    Raises:
        ValueError: If the shape, the type or a value does not fit.
    """
    masks = integers(name, np.asarray(masks))
    if masks.ndim == 4 and masks.shape[-1] == 1:
        masks = masks[..., 0]
    if masks.shape != shape[:3]:
        raise ValueError(
            f"{name.capitalize()} must have one integer for each pixel of the images, shape "
            f"{shape[:3]}. Received: {name} of shape {masks.shape}"
        )
    check_range(name, masks.reshape(len(masks), -1), label_names)
    return masks.astype(np.int32)


def check_boxes(
    boxes: ArrayLike, classes: ArrayLike, count: int, label_names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return boxes as float32 `(count, boxes, 4)` and their classes as int32 `(count, boxes)`.

    Args:
        boxes: `(ymin, xmin, ymax, xmax)` in [0, 1], each edge beyond the one before it.
        classes: Integers from 1; -1 where there is no box, which is not looked at then.
        count: Number of images.
        label_names: Name of each value, that of the background, 0, included; any value from 1 is
            taken when empty.

    Raises:
        ValueError: If a shape, a type or a value does not fit.
    """
    boxes, classes = np.asarray(boxes), integers("classes", np.asarray(classes))
    if classes.ndim != 2 or len(classes) != count or boxes.shape != (*classes.shape, 4):
        raise ValueError(
            f"Each of the {count} images must have the same number of boxes, filled up with the "
            "class -1, shapes (count, boxes, 4) and (count, boxes). "
            f"Received: boxes of shape {boxes.shape}, classes of shape {classes.shape}"
        )
    there = classes != -1
    check_range("classes", np.where(there, classes, 1), label_names, least=1)
    low, high = boxes[..., :2], boxes[..., 2:]
    bad = there & np.logical_not(((low >= 0) & (low < high) & (high <= 1)).all(axis=-1))
    if bad.any():
        image, box = np.argwhere(bad)[0]
        raise ValueError(
            "Boxes must be (ymin, xmin, ymax, xmax) with ymin < ymax and xmin < xmax, as shares of "
            "the image in [0, 1]; divide pixels by height and width. "
            f"Received: boxes[{image}][{box}] = {boxes[image, box].tolist()}"
        )
    boxes = np.where(there[..., np.newaxis], boxes, 0.0)
    return boxes.astype(np.float32), classes.astype(np.int32)
