"""The average precision of regions and of what is said about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from pycocoevalcap.rouge.rouge import Rouge

from kerascnn.edge import pairwise_iou

_OVERLAPS = (0.3, 0.4, 0.5, 0.6, 0.7)
_LIKENESSES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


class Described(NamedTuple):
    """Boxes `(n, 4)` of one image, what is said of each, and how sure that is, `(n,)`."""

    boxes: np.ndarray
    phrases: Sequence[tuple[int, ...]]
    scores: np.ndarray


def region_precision(found: Sequence[Described], truth: Sequence[Described]) -> dict[str, float]:
    """Measure the area below the curve of precision over recall.

    A region is right if it overlaps the true one that it overlaps most, if what is said of both is
    alike, and if no surer one is right about the same.

    Args:
        found: The regions of each image.
        truth: Those that are there.

    Returns:
        `map`, the mean over intersections over union of 0.3, 0.4 to 0.7 and likenesses of 0, 0.2
        to 1 by ROUGE-L; and `map_boxes`, its part with the likeness 0, whatever is said. In [0, 1].

    Raises:
        ValueError: If there is no region in any image.

    Reference:
        https://arxiv.org/abs/1511.07571, section 4.2
    """
    total = sum(len(one.boxes) for one in truth)
    if not total:
        raise ValueError("A precision needs regions. Received: examples without one")
    rows = [
        (score, image, *fit)
        for image, pair in enumerate(zip(found, truth, strict=True))
        for score, fit in zip(pair[0].scores, _fits(*pair), strict=True)
    ]
    rows.sort(key=lambda row: -row[0])
    areas = np.array(
        [[_area(rows, total, overlap, alike) for alike in _LIKENESSES] for overlap in _OVERLAPS]
    )
    return {"map": float(areas.mean()), "map_boxes": float(areas[:, 0].mean())}


def _fits(found: Described, truth: Described) -> list[tuple[int, float, float]]:
    """Give for each region the true one, how far they overlap, and how alike what is said is."""
    if not len(truth.boxes):
        return [(0, 0.0, 0.0)] * len(found.boxes)
    overlaps = pairwise_iou(found.boxes, truth.boxes)
    rouge = Rouge()
    fits = []
    for row, phrase in zip(overlaps, found.phrases, strict=True):
        nearest = int(row.argmax())
        texts = [" ".join(map(str, words)) for words in (phrase, truth.phrases[nearest])]
        fits.append((nearest, float(row[nearest]), float(rouge.calc_score(texts[:1], texts[1:]))))
    return fits


def _area(
    rows: Sequence[tuple[float, int, int, float, float]], total: int, overlap: float, alike: float
) -> float:
    taken: set[tuple[int, int]] = set()
    hits = np.zeros(len(rows), bool)
    for place, (_, image, nearest, shared, likeness) in enumerate(rows):
        right = shared >= overlap and likeness >= alike and (image, nearest) not in taken
        hits[place] = right
        if right:
            taken.add((image, nearest))
    precision = np.cumsum(hits) / np.arange(1, len(rows) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]  # at this recall or a higher one
    return float(best[hits].sum() / total)
