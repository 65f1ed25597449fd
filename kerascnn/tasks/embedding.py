"""Vectors that are close for images of one class and far apart for others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image
from sklearn.metrics import roc_auc_score

from kerascnn.data import Dataset
from kerascnn.losses import Triplet
from kerascnn.tasks.drawing import DARK, PALETTE, blank, render, shorten
from kerascnn.tasks.outputs import single
from kerascnn.tasks.task import Task

_DIM = 64
_DRAWS = 20
_COLOURS = 20  # classes that a person can tell apart, and that a legend has room for
_MOST = 1500  # pairs grow with the square of the images


class Embedding(Task):
    """Map images to vectors whose angles tell whether they show the same."""

    name = "embedding"
    data = "digits"
    needs = ("image", "label")
    metric = "auc"

    def model_options(self, dataset: Dataset) -> dict[str, Any]:
        """Turn a classifier into an embedding: as many logits as the vector has numbers."""
        return {
            "input_shape": dataset.shape,
            "num_classes": _DIM,
            "classifier_activation": None,
        }

    def example(self, example: Mapping[str, tf.Tensor], model: keras.Model) -> tuple[Any, ...]:
        """Pair the image with its label, from which the loss forms triplets."""
        del model
        return self.scale(example["image"]), example["label"]

    def compile(self, model: keras.Model, *, learning_rate: float | None = None) -> None:
        """Minimise the triplet loss by Adam at 1e-3."""
        model.compile(optimizer=keras.optimizers.Adam(learning_rate or 1e-3), loss=Triplet())

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure how well the angles tell the same from others, on at most 1,500 images.

        `auc` is the probability that two images of one class are closer than two of different
        classes; `knn` the accuracy of the nearest other image's label; `one_shot` the accuracy of
        the nearest of one image a class, a mean over 20 draws of them.
        """
        vectors, labels = _unit(outputs, examples)[:_MOST], examples["label"][:_MOST]
        near = vectors @ vectors.T
        same = labels[:, np.newaxis] == labels
        first, second = np.triu_indices(len(labels), 1)
        if same[first, second].all() or not same[first, second].any():
            raise ValueError(
                "There must be two examples of one class and two of different classes. "
                f"Received: {len(labels)} examples of {len(np.unique(labels))} classes"
            )
        np.fill_diagonal(near, -np.inf)
        return {
            "auc": float(roc_auc_score(same[first, second], near[first, second])),
            "knn": float(np.mean(labels[near.argmax(axis=1)] == labels)),
            "one_shot": _one_shot(near, labels),
        }

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw the vectors in the plane in which they vary most, coloured by class."""
        vectors = _unit(outputs, examples)[:_MOST]
        centred = vectors - vectors.mean(axis=0)
        _, lengths, directions = np.linalg.svd(centred, full_matrices=False)
        # A single picture has but one direction.
        plane = np.pad(centred, ((0, 0), (0, 1))) @ np.pad(directions, ((0, 1), (0, 1)))[:2].T
        shown = np.sum(lengths[:2] ** 2) / max(np.sum(lengths**2), 1e-12)
        figure, axes = blank(7.7, 5.6)
        axes.set_position((0.02, 0.03, 0.75, 0.9))
        axes.set(xticks=[], yticks=[])
        values = np.unique(examples["label"])[:_COLOURS]
        title = f"Pictures of {len(values)} classes; the plane shows {shown:.0%} of the variance"
        axes.set_title(title, fontsize=10, color=DARK, loc="left")
        for value in values:
            chosen = examples["label"][:_MOST] == value
            colour, marker = PALETTE[value % 10], "os^"[value // 10 % 3]
            x, y = plane[chosen].T
            axes.scatter(
                x,
                y,
                16,
                colour,
                marker=marker,
                alpha=0.8,
                linewidths=0,
                label=shorten(dataset.labels[value]),
            )
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8, frameon=False)
        return render(figure)


def _unit(outputs: Any, examples: Mapping[str, np.ndarray]) -> np.ndarray:
    """Scale the vectors to unit length."""
    vectors = single(outputs, examples)
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))


def _one_shot(near: np.ndarray, labels: np.ndarray) -> float:
    random = np.random.default_rng(0)
    members = [np.flatnonzero(labels == value) for value in np.unique(labels)]
    scores = []
    for _ in range(_DRAWS):
        shots = np.array([random.choice(group) for group in members])
        rest = np.setdiff1d(np.arange(len(labels)), shots)
        nearest = shots[near[np.ix_(rest, shots)].argmax(axis=1)]
        scores.append(np.mean(labels[nearest] == labels[rest]))
    return float(np.mean(scores))
