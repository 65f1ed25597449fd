"""Digits anywhere on a noisy canvas, where a linear model fails and a convolution does not."""

from __future__ import annotations

import numpy as np

from kerascnn.data.dataset import Dataset, slices
from kerascnn.data.digits import LABELS, LICENCE, SOURCE, digit_arrays
from kerascnn.data.splits import split_indices

_DIGIT = 16


def translated_digits(
    *, count: int = 6000, size: int = 32, noise: float = 0.1, seed: int = 0
) -> Dataset:
    """Paste 16-pixel digits at uniformly random places of a dark canvas and add noise.

    No handwritten digit is in two splits, so a model cannot do well by remembering them.

    Args:
        count: Images of the training split, at least 10. Test has as many, so that small losses
            show; validation has an eighth of them, at least 10.
        size: Side of the canvas in pixels, at least 16.
        noise: Standard deviation of the Gaussian noise, at least 0; pixels are clipped to [0, 1].
        seed: Seed of digits, places and noise.

    Raises:
        ValueError: If an argument is out of range.
    """
    if count < 10:
        raise ValueError(f"A training split has at least 10 images. Received: count={count}")
    if size < _DIGIT:
        raise ValueError(f"The canvas must hold a digit of {_DIGIT} px. Received: size={size}")
    if not 0 <= noise < np.inf:
        raise ValueError(f"Noise must be 0 or above. Received: noise={noise}")
    images, labels = digit_arrays(_DIGIT)
    sources = split_indices(len(images), (0.1, 0.25), groups=labels)
    counts = count, max(10, count // 8), count
    random = np.random.default_rng(seed)
    train, validation, test = (
        slices(_paste(images[source], labels[source], number, size, noise, random))
        for source, number in zip(sources, counts, strict=True)
    )
    return Dataset(
        name="translated_digits",
        source=f"{SOURCE}; moved about and made noisy by kerascnn",
        licence=LICENCE,
        labels=LABELS,
        shape=(size, size, 1),
        train=train,
        validation=validation,
        test=test,
    )


def _paste(
    images: np.ndarray,
    labels: np.ndarray,
    count: int,
    size: int,
    noise: float,
    random: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Draw `count` canvases with one digit each."""
    chosen = random.integers(len(images), size=count)
    top, left = random.integers(size - _DIGIT + 1, size=(2, count))
    rows = top[:, np.newaxis, np.newaxis] + np.arange(_DIGIT)[:, np.newaxis]
    columns = left[:, np.newaxis, np.newaxis] + np.arange(_DIGIT)
    canvas = noise * random.standard_normal((count, size, size), dtype=np.float32)
    canvas[np.arange(count)[:, np.newaxis, np.newaxis], rows, columns] += images[chosen, ..., 0]
    return {
        "image": np.clip(canvas, 0.0, 1.0)[..., np.newaxis].astype(np.float32),
        "label": labels[chosen],
    }
