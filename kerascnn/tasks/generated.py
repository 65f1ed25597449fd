"""How good generated digits are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.metrics import mutual_info_score

from kerascnn.tasks.fidelity import fidelity
from kerascnn.tasks.judge import can_judge, judge


def score_images(images: np.ndarray, examples: Mapping[str, Any]) -> dict[str, float]:
    """Measure generated digits by a network that was trained on real ones.

    Args:
        images: Generated images in [0, 1].
        examples: Real ones as `image`, and as `input` what the generator was fed.

    Returns:
        `fdd`, `kernel_distance`, `precision`, `recall`, `cover` and `entropy`; `class_accuracy`
        where the generator took a `label`; `mutual_information` where it took a `category`;
        nothing where no image is a digit.
    """
    if not can_judge(examples["image"].shape):
        return {}
    features, probabilities = judge(images)
    real, _ = judge(np.asarray(examples["image"], np.float32))
    digits = probabilities.argmax(axis=-1)
    shares = np.bincount(digits, minlength=10) / len(digits)
    shown = shares[shares > 0]
    distances = fidelity(features, real)
    scores = {
        "fdd": distances.pop("frechet_distance"),
        **distances,
        "cover": float(np.sum(shares > 0.02)),
        "entropy": float(-np.sum(shown * np.log(shown)) / np.log(10)),
    }
    given = examples.get("input")
    asked = dict(given) if isinstance(given, Mapping) else {}
    if "label" in asked:
        wanted = np.asarray(asked["label"]).argmax(axis=-1)
        scores["class_accuracy"] = float(np.mean(digits == wanted))
    if "category" in asked:
        categories = np.asarray(asked["category"]).argmax(axis=-1)
        scores["mutual_information"] = float(mutual_info_score(categories, digits))
    return scores


def score_parts(given: Mapping[str, np.ndarray], examples: Mapping[str, Any]) -> dict[str, float]:
    """Measure what came of other parts than the generator.

    Args:
        given: `reconstruction` of the images, in [0, 1], and `probabilities`, where there are any.
        examples: `image`, and `label` for probabilities.

    Returns:
        `reconstruction_error`, the mean squared error as a share of what it is between images and
        the reconstructions of others; `accuracy`.
    """
    scores = {}
    if "reconstruction" in given:
        drawn, images = given["reconstruction"], np.asarray(examples["image"])
        own, others = (
            np.mean(np.square(one - images)) for one in (drawn, np.roll(drawn, 1, axis=0))
        )
        scores["reconstruction_error"] = float(own / others)
    if "probabilities" in given:
        said = np.asarray(given["probabilities"]).argmax(axis=-1)
        scores["accuracy"] = float(np.mean(said == np.asarray(examples["label"])))
    return scores
