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
from kerascnn.tasks.generated import score_images
from kerascnn.tasks.noise import fixed_seed
from kerascnn.tasks.outputs import single
from kerascnn.tasks.shapes import check_images
from kerascnn.tasks.task import Task
from kerascnn.training.labelled_players import with_labels
from kerascnn.training.noise import Noise

_COLUMNS = 10


class Generation(Task):
    """Draw images like those of the data.

    For a `kerascnn.training.GAN`, whose generator goes to the device.
    """

    name = "generation"
    data = "digits"
    value_range = (-1.0, 1.0)
    metric = "fdd"
    validates = False

    def model_options(self, dataset: Dataset) -> dict[str, Any]:
        """Give the shape of the images, and the number of classes where they have labels."""
        classes = {"num_classes": len(dataset.labels)} if dataset.labels else {}
        return {**super().model_options(dataset), **classes}

    def example(self, example: Mapping[str, tf.Tensor], model: keras.Model) -> tuple[Any, ...]:
        """Give the image, and its label to a model that needs it."""
        image = self.scale(example["image"])
        return (image, example["label"]) if model.needs_labels else (image,)

    def compile(self, model: keras.Model, *, learning_rate: float | None = None) -> None:
        """Take the system's own losses and optimizers, at the learning rate if one is given."""
        optimizers = [model.new_optimizer(), model.new_optimizer()]
        for optimizer in optimizers if learning_rate is not None else ():
            optimizer.learning_rate = learning_rate
        model.compile(*optimizers)

    def inputs(self, model: keras.Model, examples: Mapping[str, np.ndarray]) -> Any:
        """Draw what the generator takes for as many images as there are examples.

        Latent variables are always the same for the same examples, and others for others. Labels
        are those of the examples.
        """
        count, seed = len(examples["image"]), fixed_seed(np.asarray(examples["image"]))
        drawn = model.latents(count, Noise(seed))
        fed = with_labels(model.generator, drawn, examples.get("label"))
        return keras.tree.map_structure(keras.ops.convert_to_numpy, fed)

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure generated digits by a network that was trained on real ones.

        `fdd` is the Frechet distance of its features from those of the real examples, `cover` the
        number of digits that more than 2 % of the images show, and `entropy` how evenly, from 0
        (always the same) to 1. `class_accuracy` is the share that show the class asked for, and
        `mutual_information`, in nats, how much a category says about the digit. Images that cannot
        be digits are not measured: the score is empty.
        """
        return score_images(self._images(outputs, examples), examples)

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw generated images, those of a class below each other, and real ones to compare."""
        images, given = self._images(outputs, examples), examples.get("input")
        asked: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        classes = asked.get("label", asked.get("category"))
        order = np.arange(len(images))
        if classes is not None:
            order = _by_class(np.asarray(classes).argmax(axis=-1))
        sections = [
            Section("Generated", [Tile(image) for image in images[order[: 6 * _COLUMNS]]]),
            Section("Real", [Tile(image) for image in examples["image"][: 2 * _COLUMNS]]),
        ]
        return gallery(sections, columns=_COLUMNS)

    def check(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse data without labels for a model that needs them."""
        super().check(model, dataset)
        if model.needs_labels and "label" not in dataset.train.element_spec:
            raise ValueError(
                f"{model.name} needs examples with label. Received: {dataset.name} without label"
            )

    def check_shape(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model that does not draw images of the data's shape."""
        shape = getattr(model, "deployable", model).output_shape[1:]
        check_images("The generator's output", shape, dataset)

    def _images(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> np.ndarray:
        low, high = self.value_range
        return np.clip((single(outputs, examples) - low) / (high - low), 0, 1)


def _by_class(labels: np.ndarray) -> np.ndarray:
    """Order images so that the columns of a picture are the classes, as far as there are enough."""
    ranks = np.zeros(len(labels), int)
    for label in np.unique(labels):
        ranks[labels == label] = np.arange(np.sum(labels == label))
    return np.lexsort((labels, ranks))
