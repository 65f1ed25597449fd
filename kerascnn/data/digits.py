"""Handwritten digits that ship with scikit-learn."""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

from kerascnn.data.dataset import Dataset
from kerascnn.data.in_memory import from_arrays

LABELS = tuple("0123456789")
SOURCE = (
    "Optical Recognition of Handwritten Digits, UCI Machine Learning Repository "
    "(E. Alpaydin, C. Kaynak, 1998), as shipped with scikit-learn"
)
LICENCE = "CC BY 4.0"


def digits(*, size: int = 32) -> Dataset:
    """Serve 1,797 digits, 10 classes, split 65 : 10 : 25 by class.

    Args:
        size: Side of the images in pixels, at least 8. The originals have 8; larger ones are
            interpolated by bicubic convolution.

    Raises:
        ValueError: If the size is below 8.
    """
    images, labels = digit_arrays(size)
    return from_arrays(
        "digits",
        images,
        labels,
        label_names=LABELS,
        source=SOURCE,
        licence=LICENCE,
        validation=0.1,
        test=0.25,
    )


@functools.cache
def digit_arrays(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Give all digits as float32 `(1797, size, size, 1)` in [0, 1] and their labels.

    Raises:
        ValueError: If the size is below 8.
    """
    if size < 8:
        raise ValueError(f"Digits have at least 8 pixels a side. Received: size={size}")
    bunch = load_digits()
    images = bunch.images[..., np.newaxis].astype(np.float32) / 16.0
    if size > 8:
        images = tf.image.resize(images, (size, size), method="bicubic").numpy()
    # Bicubic convolution overshoots at edges.
    images = np.clip(images, 0.0, 1.0)
    images.setflags(write=False)
    return images, bunch.target.astype(np.int32)
