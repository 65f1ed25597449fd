"""How good generated digits are, and the networks that came with their generator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.metrics import mutual_info_score

from kerascnn.tasks.judge import can_judge, frechet_distance, judge
from kerascnn.tasks.outputs import rows

_DRAWN = ("reconstruction", "autoencoder", "noise", "noise_autoencoder")  # outputs that are images


def score_images(images: np.ndarray, examples: Mapping[str, Any]) -> dict[str, float]:
    """Measure generated digits by a network that was trained on real ones.

    Args:
        images: Generated images in [0, 1].
        examples: Real ones as `image`, and as `input` what the generator was fed.

    Returns:
        `fdd`, `cover` and `entropy`, and where the generator took them `class_accuracy` of its
        `label` and `mutual_information` with its `category`; nothing where no image is a digit.
    """
    if not can_judge(examples["image"].shape):
        return {}
    features, probabilities = judge(images)
    real, _ = judge(np.asarray(examples["image"], np.float32))
    digits = probabilities.argmax(axis=-1)
    shares = np.bincount(digits, minlength=10) / len(digits)
    shown = shares[shares > 0]
    scores = {
        "fdd": frechet_distance(features, real),
        "cover": float(np.sum(shares > 0.02)),
        "entropy": float(-np.sum(shown * np.log(shown)) / np.log(10)),
    }
    given = examples.get("input")
    asked = {
        name: np.asarray(given[name]).argmax(axis=-1)
        for name in ("label", "category")
        if isinstance(given, Mapping) and name in given
    }
    if "label" in asked:
        scores["class_accuracy"] = float(np.mean(digits == asked["label"]))
    if "category" in asked:
        scores["mutual_information"] = float(mutual_info_score(asked["category"], digits))
    return scores


def run_others(
    runs: Mapping[str, Callable[[Any], Any]], generate: Callable[[Any], Any], real: np.ndarray
) -> dict[str, Any]:
    """Run what came with a generator on real images.

    Args:
        runs: What runs each part, among them perhaps `encoder`, `classifier` and `autoencoder`.
        generate: What runs the generator.
        real: Images as the models take them.
    """
    outputs = {name: run(real) for name, run in runs.items()}
    if "encoder" in outputs:
        outputs["reconstruction"] = generate(outputs["encoder"])
    if "autoencoder" in outputs:
        noise = np.random.default_rng(0).uniform(-1, 1, real.shape).astype(np.float32)
        outputs |= {"noise": noise, "noise_autoencoder": runs["autoencoder"](noise)}
    return outputs


def score_others(
    outputs: Mapping[str, Any],
    examples: Mapping[str, Any],
    unscale: Callable[[np.ndarray], np.ndarray],
) -> dict[str, float]:
    """Measure what came with a generator on real images.

    Args:
        outputs: What `run_others` gave.
        examples: Real images as `image`, in [0, 1], and their labels as `label`.
        unscale: Brings images that a model gave into [0, 1].
    """
    image = np.asarray(examples["image"], np.float32)
    drawn = {name: unscale(rows(outputs[name], examples)) for name in _DRAWN if name in outputs}
    scores = {}
    if "reconstruction" in drawn:
        own, other = (
            np.mean(np.square(drawn["reconstruction"] - np.roll(image, shift, axis=0)))
            for shift in (0, 1)
        )
        scores["reconstruction_ratio"] = float(own / other)
        if can_judge(image.shape) and "label" in examples:
            _, probabilities = judge(drawn["reconstruction"])
            right = probabilities.argmax(axis=-1) == examples["label"]
            scores["reconstructed_class"] = float(np.mean(right))
    if "autoencoder" in drawn:
        real = np.mean(np.square(drawn["autoencoder"] - image))
        noise = np.mean(np.square(drawn["noise_autoencoder"] - drawn["noise"]))
        scores["energy_ratio"] = float(noise / real)
    if "classifier" in outputs:
        chosen = rows(outputs["classifier"], examples).argmax(axis=-1)
        scores["accuracy"] = float(np.mean(chosen == examples["label"]))
    return scores
