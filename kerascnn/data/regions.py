"""Makes a data set of images and phrases about their regions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from kerascnn.data.checks import check_boxes, check_images
from kerascnn.data.dataset import Dataset
from kerascnn.data.splits import split_columns
from kerascnn.data.texts import MARKS, encode


def from_regions(
    name: str,
    images: ArrayLike,
    boxes: Sequence[ArrayLike],
    phrases: Sequence[Sequence[str]],
    *,
    source: str = "",
    licence: str = "",
    validation: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
) -> Dataset:
    """Make a data set of images and of what is said about regions of each.

    Words are what stands between spaces; the vocabulary is all of them.

    Args:
        name: What to call it.
        images: `(count, height, width[, channels])`, uint8 or floating point in [0, 1].
        boxes: For each image `(ymin, xmin, ymax, xmax)` of its regions in [0, 1], `(regions, 4)`.
        phrases: For each image a phrase about each region.
        source: Where the images come from.
        licence: The terms under which they may be used.
        validation: Share of the validation split, in (0, 1).
        test: Share of the test split, in (0, 1).
        seed: Seed of the split.

    Raises:
        ValueError: If there is not a box and a phrase for each region, a phrase is empty, a box is
            none, or a split would be empty.

    Example:
        >>> dataset = from_regions("mine", images, [[[0.1, 0.1, 0.5, 0.9]]], [["a cat asleep"]])
    """
    pictures = check_images(images)
    words = [[phrase.split() for phrase in each] for each in phrases]
    corners = [np.reshape(each, (-1, 4)) for each in boxes]
    counts = [len(each) for each in corners], [len(each) for each in words]
    if not len(pictures) == len(counts[0]) or counts[0] != counts[1] or not all(map(all, words)):
        raise ValueError(
            "Each region of each image must have a box and a phrase of a word at least. "
            f"Received: {len(pictures)} images, {sum(counts[0])} boxes, {sum(counts[1])} phrases"
        )
    labels = (*MARKS, *sorted({word for each in words for phrase in each for word in phrase}))
    most = max((*counts[0], 1))
    longest = max((len(phrase) for each in words for phrase in each), default=1)
    filled = np.zeros((len(pictures), most, 4), np.float32)
    codes = np.zeros((len(pictures), most, longest), np.int32)
    for index, (there, said) in enumerate(zip(corners, words, strict=True)):
        filled[index, : len(there)] = there
        codes[index, : len(said)] = encode(said, labels, longest)
    classes = np.where(codes[..., 0] > 0, 1, -1)
    checked, _ = check_boxes(filled, classes, len(pictures), ())
    columns = {"image": pictures, "boxes": checked, "phrases": codes}
    return Dataset(
        name=name,
        source=source,
        licence=licence,
        labels=labels,
        shape=pictures.shape[1:],
        **split_columns(columns, (validation, test), seed=seed),
    )
