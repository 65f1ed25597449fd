"""Makes a data set of images and sentences about them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from kerascnn.data.checks import check_images
from kerascnn.data.dataset import Dataset
from kerascnn.data.splits import split_columns
from kerascnn.data.texts import MARKS, encode


def from_captions(
    name: str,
    images: ArrayLike,
    captions: Sequence[Sequence[str]],
    *,
    source: str = "",
    licence: str = "",
    validation: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
) -> Dataset:
    """Make a data set of images and sentences about each.

    Words are what stands between spaces; the vocabulary is all of them. The first sentence of an
    image is learned, and all count as right.

    Args:
        name: What to call it.
        images: `(count, height, width[, channels])`, uint8 or floating point in [0, 1].
        captions: For each image its sentences, one at least.
        source: Where the images come from.
        licence: The terms under which they may be used.
        validation: Share of the validation split, in (0, 1).
        test: Share of the test split, in (0, 1).
        seed: Seed of the split.

    Raises:
        ValueError: If there are not sentences for each image, or a split would be empty.

    Example:
        >>> dataset = from_captions("mine", images, [["a cat", "a black cat"], ["a dog"]])
    """
    pictures = check_images(images)
    words = [[sentence.split() for sentence in sentences] for sentences in captions]
    if len(words) != len(pictures) or not all(one and all(one) for one in words):
        raise ValueError(
            "Each image must have a sentence, and each sentence a word. "
            f"Received: {len(pictures)} images, sentences for {len(words)}"
        )
    labels = (*MARKS, *sorted({word for one in words for sentence in one for word in sentence}))
    longest = max(len(sentence) for one in words for sentence in one)
    codes = np.zeros((len(words), max(map(len, words)), longest), np.int32)
    for rows, sentences in zip(codes, words, strict=True):
        rows[: len(sentences)] = encode(sentences, labels, longest)
    columns = {"image": pictures, "tokens": codes[:, 0], "references": codes}
    return Dataset(
        name=name,
        source=source,
        licence=licence,
        labels=labels,
        shape=pictures.shape[1:],
        **split_columns(columns, (validation, test), seed=seed),
    )
