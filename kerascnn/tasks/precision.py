"""The average precision of detections, as the COCO challenge measures it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


class Found(NamedTuple):
    """Boxes `(n, 4)` of one image, the class of each, `(n,)`, and its score, `(n,)`."""

    boxes: np.ndarray
    classes: np.ndarray
    scores: np.ndarray


def average_precision(found: Sequence[Found], truth: Sequence[Found]) -> dict[str, float]:
    """Measure the mean over the classes of the area below the curve of precision over recall.

    Args:
        found: The detections of each image, at most 100 of which count.
        truth: What each image holds.

    Returns:
        `map_50`, at an intersection over union of 0.5, as in Pascal VOC; `map_75`, at 0.75; `map`,
        the mean over 0.5, 0.55 to 0.95, as in COCO; all in [0, 1].

    Raises:
        ValueError: If no image holds anything.

    Reference:
        https://arxiv.org/abs/1405.0312
    """
    classes = np.unique(np.concatenate([one.classes for one in truth]))
    if not len(classes):
        raise ValueError("A precision needs objects. Received: examples without a box")
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(_index(truth, classes), _index(found, classes), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return {
        name: float(value)
        for name, value in zip(("map", "map_50", "map_75"), evaluation.stats, strict=False)
    }


def _index(images: Sequence[Found], classes: np.ndarray) -> COCO:
    """Put boxes into the form of the COCO challenge."""
    index = COCO()
    index.dataset = {
        "images": [{"id": image} for image in range(len(images))],
        "categories": [{"id": int(value)} for value in classes],
        "annotations": [
            # A box of the number 0 would count as none.
            {"id": number, **annotation}
            for number, annotation in enumerate(_annotations(images), 1)
        ],
    }
    index.createIndex()
    return index


def _annotations(images: Sequence[Found]) -> Iterable[dict[str, Any]]:
    for image, found in enumerate(images):
        for (ymin, xmin, ymax, xmax), value, score in zip(*found, strict=True):
            height, width = float(ymax - ymin), float(xmax - xmin)
            yield {
                "image_id": image,
                "category_id": int(value),
                "bbox": [float(xmin), float(ymin), width, height],
                "area": width * height,
                "iscrowd": 0,
                "score": float(score),
            }
