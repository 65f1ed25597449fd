"""Images out of noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from kerascnn.data import Dataset
from kerascnn.tasks.drawing import Section, Tile, gallery
from kerascnn.tasks.judge import can_judge, frechet_distance, judge
from kerascnn.tasks.noise import fixed_normal
from kerascnn.tasks.outputs import single
from kerascnn.tasks.shapes import check_images
from kerascnn.tasks.task import Task

_COLUMNS = 10


class Generation(Task):
    """Draw images like those of the data."""

    name = "generation"
    data = "digits"
    value_range = (-1.0, 1.0)
    metric = "fdd"
    validates = False

    def example(self, example: Mapping[str, tf.Tensor], model: keras.Model) -> tuple[Any, ...]:
        """Give the image alone."""
        del model
        return (self.scale(example["image"]),)

    def compile(self, model: keras.Model, *, learning_rate: float | None = None) -> None:
        """Take the system's own losses and optimizers, at the learning rate if one is given."""
        optimizers = {}
        if learning_rate is not None:
            for player in ("generator_optimizer", "discriminator_optimizer"):
                optimizers[player] = model.new_optimizer()
                optimizers[player].learning_rate = learning_rate
        model.compile(**optimizers)

    def inputs(self, model: keras.Model, examples: Mapping[str, np.ndarray]) -> np.ndarray:
        """Draw as many latent vectors as there are examples, standard normal.

        They are always the same for the same examples, and others for others: what is trained or
        calibrated on one split has not seen the vectors of another.
        """
        shape = getattr(model, "deployable", model).input_shape[1:]
        images = np.asarray(examples["image"])
        return fixed_normal(images, (len(images), *shape))

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure generated digits by a network that was trained on real ones.

        `fdd` is the Frechet distance of its features from those of the real examples, `cover` the
        number of digits that more than 2 % of the images show, and `entropy` how evenly they
        show them, from 0 (always the same) to 1. Images that cannot be digits are not measured:
        the score is empty.
        """
        if not can_judge(examples["image"].shape):
            return {}
        features, probabilities = judge(self._images(outputs, examples))
        real, _ = judge(np.asarray(examples["image"], np.float32))
        shares = np.bincount(probabilities.argmax(axis=-1), minlength=10) / len(probabilities)
        shown = shares[shares > 0]
        return {
            "fdd": frechet_distance(features, real),
            "cover": float(np.sum(shares > 0.02)),
            "entropy": float(-np.sum(shown * np.log(shown)) / np.log(10)),
        }

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw generated images, and a few real ones to compare them with."""
        del dataset
        images = self._images(outputs, examples)[: 6 * _COLUMNS]
        real = examples["image"][: 2 * _COLUMNS]
        sections = [
            Section("Generated", [Tile(image) for image in images]),
            Section("Real", [Tile(image) for image in real]),
        ]
        return gallery(sections, columns=_COLUMNS)

    def check_shape(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model that does not draw images of the data's shape."""
        shape = getattr(model, "deployable", model).output_shape[1:]
        check_images("The generator's output", shape, dataset)

    def _images(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> np.ndarray:
        low, high = self.value_range
        return np.clip((single(outputs, examples) - low) / (high - low), 0, 1)
