"""One label for each image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from kerascnn.data import Dataset
from kerascnn.tasks.drawing import Section, Tile, gallery, shorten
from kerascnn.tasks.outputs import single
from kerascnn.tasks.shapes import check_classes
from kerascnn.tasks.task import Task

_COLUMNS = 8


class Classification(Task):
    """Say what an image shows, as a probability for each class."""

    name = "classification"
    data = "translated_digits"
    needs = ("image", "label")
    metric = "accuracy"

    def model_options(self, dataset: Dataset) -> dict[str, Any]:
        """Give the shape of the images and the number of classes."""
        return {"input_shape": dataset.shape, "num_classes": len(dataset.labels)}

    def example(self, example: Mapping[str, tf.Tensor], model: keras.Model) -> tuple[Any, ...]:
        """Pair the image with its label."""
        del model
        return self.scale(example["image"]), example["label"]

    def compile(self, model: keras.Model, *, learning_rate: float | None = None) -> None:
        """Minimise the model's own loss, or else the cross entropy, in nats, by Adam at 1e-3."""
        own = getattr(model, "default_loss", None)
        model.compile(
            optimizer=keras.optimizers.Adam(learning_rate or 1e-3),
            loss=own or keras.losses.SparseCategoricalCrossentropy(),
            # Weighted: a model may leave out images without a label.
            weighted_metrics=["accuracy"],
        )

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure `accuracy`, the share of images whose likeliest class is theirs."""
        predicted = single(outputs, examples).argmax(axis=-1)
        return {"accuracy": float(np.mean(predicted == examples["label"]))}

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw the first images and the first mistakes, with the predicted classes."""
        probabilities = single(outputs, examples)
        predicted, truth = probabilities.argmax(axis=-1), examples["label"]
        count = len(truth)

        def tile(index: int) -> Tile:
            wrong = bool(predicted[index] != truth[index])
            share = probabilities[index, predicted[index]]
            caption = f"{shorten(dataset.labels[predicted[index]], 9)} ({share:.0%})"
            if wrong:
                caption += f"\nis {shorten(dataset.labels[truth[index]], 12)}"
            return Tile(examples["image"][index], caption, wrong)

        first = range(min(count, 4 * _COLUMNS))
        mistakes = np.flatnonzero(predicted != truth)
        heading = (
            f"The first {len(first)} of {count} pictures with the predicted class"
            f"{'' if len(mistakes) else '; there are no mistakes'}"
        )
        sections = [Section(heading, [tile(index) for index in first])]
        if len(mistakes):
            shown = mistakes[: 2 * _COLUMNS]
            part = "all of them" if len(shown) == len(mistakes) else f"the first {len(shown)}"
            heading = f"Mistakes: {len(mistakes)} of {count} pictures, {part}"
            sections.append(Section(heading, [tile(index) for index in shown]))
        return gallery(sections, columns=_COLUMNS)

    def metadata(self, dataset: Dataset, part: str = "model") -> dict[str, Any]:
        """Add the names of the classes."""
        return {**super().metadata(dataset, part), "labels": dataset.labels}

    def check_shape(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model with fewer outputs than the data has classes."""
        super().check_shape(model, dataset)
        check_classes(model, dataset)
