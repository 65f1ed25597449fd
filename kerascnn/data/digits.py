"""Handwritten digits that ship with scikit-learn."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

from kerascnn.data.dataset import Dataset, arrays, slices
from kerascnn.data.in_memory import from_arrays

LABELS = tuple("0123456789")
SOURCE = (
    "Optical Recognition of Handwritten Digits, UCI Machine Learning Repository "
    "(E. Alpaydin, C. Kaynak, 1998), as shipped with scikit-learn"
)
LICENCE = "CC BY 4.0"


def digits(
    *,
    size: int = 32,
    labelled: int | None = None,
    label_noise: float = 0.0,
    wrong_label: str = "any",
    corruption: float = 0.0,
) -> Dataset:
    """Serve 1,797 digits, 10 classes, split 65 : 10 : 25 by class.

    Args:
        size: Side of the images in pixels, at least 8. The originals have 8; larger ones are
            interpolated by bicubic convolution.
        labelled: How many digits of each class are labelled in the training split, where the
            label of the others is -1; all when None.
        label_noise: Probability that a label of the training split is another one, in [0, 1].
        wrong_label: Which other one: `"any"`, all alike, or the `"next"`, 0 after 9.
        corruption: Share of the pixels of held-out images that become 0 or 1, in [0, 1]. Above 0
            all examples hold the `clean` image too.

    Raises:
        ValueError: If the size is below 8, no digit is labelled, or a share is out of range.
    """
    images, labels = digit_arrays(size)
    dataset = from_arrays(
        "digits",
        images,
        labels,
        label_names=LABELS,
        source=SOURCE,
        licence=LICENCE,
        validation=0.1,
        test=0.25,
    )
    if label_noise:
        dataset = _with_wrong_labels(dataset, label_noise, wrong_label)
    if labelled is not None:
        dataset = _with_few_labels(dataset, labelled)
    return _corrupted(dataset, corruption) if corruption else dataset


def _with_wrong_labels(dataset: Dataset, probability: float, kind: str) -> Dataset:
    """Replace labels of the training split by others."""
    if not 0 < probability <= 1 or kind not in ("any", "next"):
        raise ValueError(
            'A probability lies in [0, 1], and a wrong label is "any" other or the "next". '
            f"Received: label_noise={probability}, wrong_label={kind!r}"
        )
    columns = arrays(dataset.train)
    random, right = np.random.default_rng(0), columns["label"]
    steps = 1 if kind == "next" else random.integers(1, len(LABELS), right.shape)
    wrong = (right + steps) % len(LABELS)
    noisy = np.where(random.uniform(size=right.shape) < probability, wrong, right)
    return dataclasses.replace(
        dataset, train=slices({**columns, "label": noisy.astype(right.dtype)})
    )


def _with_few_labels(dataset: Dataset, labelled: int) -> Dataset:
    """Keep the labels of the first examples of each class alone."""
    if labelled < 1:
        raise ValueError(f"Of each class one must be labelled. Received: labelled={labelled}")
    columns = arrays(dataset.train)
    hidden = np.copy(columns["label"])
    for value in np.unique(hidden):
        hidden[np.flatnonzero(columns["label"] == value)[labelled:]] = -1
    return dataclasses.replace(dataset, train=slices({**columns, "label": hidden}))


def _corrupted(dataset: Dataset, share: float) -> Dataset:
    """Make pixels of the held-out images black or white."""
    if not 0 < share <= 1:
        raise ValueError(f"A share of pixels must lie in [0, 1]. Received: corruption={share}")
    random = np.random.default_rng(0)
    splits = {name: arrays(getattr(dataset, name)) for name in ("train", "validation", "test")}
    for name, columns in splits.items():
        columns["clean"] = clean = columns["image"]
        if name != "train":
            black_or_white = random.integers(2, size=clean.shape).astype(np.float32)
            hit = random.uniform(size=clean.shape) < share
            columns["image"] = np.where(hit, black_or_white, clean)
    return dataclasses.replace(
        dataset, **{name: slices(columns) for name, columns in splits.items()}
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
