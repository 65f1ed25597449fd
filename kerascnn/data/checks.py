"""Refuses arrays that cannot be a data set, naming the first bad element and the remedy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


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
            f"first in images[{_first(bad)}]"
        )
    bad = (pixels.min(axis=1) < 0) | (pixels.max(axis=1) > 1)
    if bad.any():
        first = pixels[_first(bad)]
        raise ValueError(
            "Images must lie in [0, 1]; divide them by their largest possible value, or pass "
            f"uint8. Received: images[{_first(bad)}] in [{first.min():g}, {first.max():g}]"
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
    labels = _integers("labels", np.asarray(labels))
    if labels.shape != (count,):
        raise ValueError(
            f"Labels must be one integer for each of the {count} images. "
            f"Received: labels of shape {labels.shape}"
        )
    _check_range("labels", labels[:, np.newaxis], label_names)
    return labels.astype(np.int32)


def check_masks(masks: ArrayLike, shape: tuple[int, ...], label_names: Sequence[str]) -> np.ndarray:
    """Return masks as int32 `(count, height, width)`.

    Args:
        masks: Integers from 0 (background), one for each pixel; a last axis of 1 is dropped.
        shape: Shape of the images, `(count, height, width, channels)`.
        label_names: Name of each value; any value from 0 is taken when empty.

    Raises:
        ValueError: If the shape, the type or a value does not fit.
    """
    masks = _integers("masks", np.asarray(masks))
    if masks.ndim == 4 and masks.shape[-1] == 1:
        masks = masks[..., 0]
    if masks.shape != shape[:3]:
        raise ValueError(
            f"Masks must have one integer for each pixel of the images, shape {shape[:3]}. "
            f"Received: masks of shape {masks.shape}"
        )
    _check_range("masks", masks.reshape(len(masks), -1), label_names)
    return masks.astype(np.int32)


def _integers(name: str, values: np.ndarray) -> np.ndarray:
    if not np.issubdtype(values.dtype, np.integer):
        raise ValueError(
            f"{name.capitalize()} must be integers; convert them with astype(int). "
            f"Received: {name} of type {values.dtype}"
        )
    return values


def _check_range(name: str, rows: np.ndarray, label_names: Sequence[str]) -> None:
    limit = len(label_names) or np.iinfo(np.int32).max
    bad = np.logical_or(rows < 0, rows >= limit)
    flags = np.any(bad, axis=1)
    if not flags.any():
        return
    first = _first(flags)
    value = rows[first][bad[first]][0]
    known = f" 0..{limit - 1}, one for each of the {limit} names" if label_names else " 0 or above"
    raise ValueError(
        f"{name.capitalize()} must be{known}; renumber them from 0 or name every value. "
        f"Received: {name}[{first}] with the value {value}"
    )


def _first(flags: np.ndarray) -> int:
    return int(np.flatnonzero(flags)[0])
