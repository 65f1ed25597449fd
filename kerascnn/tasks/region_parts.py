"""What stands between the parts of a model that describes regions, in whatever runtime."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np

from kerascnn.edge import non_max_suppression, propose_regions
from kerascnn.tasks.region_precision import Described
from kerascnn.tasks.sequences import spoken

MOST = 100  # regions of an image that are described
OVERLAP = 0.3  # of two regions that show the same; Johnson et al. 2016


def propose(seen: Mapping[str, np.ndarray], regions: keras.Model) -> dict[str, np.ndarray]:
    """Give what goes into the network that looks into regions."""
    count = regions.input["boxes"].shape[1]
    pairs = zip(seen["boxes"], seen["scores"], strict=True)
    boxes = np.stack([propose_regions(*pair, count) for pair in pairs])
    return {"features": seen["features"], "boxes": boxes}


def keep(
    outputs: Mapping[str, np.ndarray], proposed: np.ndarray
) -> tuple[list[tuple[int, int, int]], dict[str, np.ndarray]]:
    """Choose regions: image, place in the result and row of each, and the decoder's states."""
    kept = []
    for image, (boxes, scores, given) in enumerate(
        zip(outputs["boxes"], outputs["scores"], proposed, strict=True)
    ):
        there = np.where(given.any(axis=-1), scores, 0.0)  # what fills up has no area
        best, _ = non_max_suppression(
            boxes,
            there[:, np.newaxis],
            score_threshold=0.0,
            iou_threshold=OVERLAP,
            max_detections=MOST,
        )
        kept += [(image, place, int(row)) for place, row in enumerate(best)]
    images, _, rows = zip(*kept, strict=True)
    return kept, {name: outputs[name][list(images), list(rows)] for name in ("hidden", "cell")}


def described(outputs: Mapping[str, np.ndarray], threshold: float) -> list[Described]:
    """Give the regions of each image with a higher score."""
    found = []
    for boxes, phrases, scores in zip(
        *(outputs[name] for name in ("boxes", "phrases", "scores")), strict=True
    ):
        kept = scores > threshold
        found.append(Described(boxes[kept], spoken(phrases[kept]), scores[kept]))
    return found


def true_regions(examples: Mapping[str, np.ndarray]) -> list[Described]:
    """Give the regions that are in each image."""
    truth = []
    for boxes, phrases in zip(examples["boxes"], examples["phrases"], strict=True):
        there = (boxes[:, 2:] > boxes[:, :2]).all(axis=-1)
        truth.append(Described(boxes[there], spoken(phrases[there]), np.ones(there.sum())))
    return truth
