"""Images out of noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from kerascnn.data import Dataset
from kerascnn.tasks.deployment import Predict
from kerascnn.tasks.drawing import Section, Tile, gallery
from kerascnn.tasks.generated import run_others, score_images, score_others
from kerascnn.tasks.noise import fixed_seed
from kerascnn.tasks.outputs import rows, single
from kerascnn.tasks.shapes import check_images
from kerascnn.tasks.task import Task
from kerascnn.training import parts
from kerascnn.training.labelled_players import with_labels
from kerascnn.training.noise import Noise

_COLUMNS = 10


class Generation(Task):
    """Draw images like those of the data.

    The generator of a `kerascnn.training.GAN` is the only part that goes to a device, or the part
    `generator`. Others are an `encoder` of images to latent variables, a `classifier`, and an
    `autoencoder`, whose errors tell images of the data from others.
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

    def feeds(self, model: keras.Model, examples: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Feed the generator what is drawn, and all other parts the images."""
        found, images = parts(model), super().inputs(model, examples)
        return dict.fromkeys(found, images) | {_generator(found): self.inputs(model, examples)}

    def predict(
        self, runs: Mapping[str, Predict], model: keras.Model, examples: Mapping[str, np.ndarray]
    ) -> dict[str, Any]:
        """Run the generator as `image`, and the other parts on the examples under their names."""
        generate, real = runs[_generator(runs)], super().inputs(model, examples)
        others = {name: run for name, run in runs.items() if run is not generate}
        return {"image": generate(examples["input"]), **run_others(others, generate, real)}

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure generated digits by a network that was trained on real ones.

        `fdd` is the Frechet distance of its features from those of the real examples, `cover` the
        number of digits that more than 2 % of the images show, and `entropy` how evenly, from 0
        (always the same) to 1. `class_accuracy` is the share that show the class asked for, and
        `mutual_information`, in nats, how much a `category` among the latent variables says of
        the digit. Images that cannot be digits are not measured so.

        `reconstruction_ratio` is an encoder's squared error, by that of another image's code, and
        `reconstructed_class` the share of the right digits; `accuracy` is the classifier's; and
        `energy_ratio` an autoencoder's squared error on noise, by that on images.
        """
        others = outputs if isinstance(outputs, Mapping) else {}
        images = score_images(self._images(outputs, examples), examples)
        return images | score_others(others, examples, self._unscale)

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw generated images, those of a class below each other, and real ones to compare."""
        images, given = self._images(outputs, examples), examples.get("input")
        order = np.arange(len(images))
        if isinstance(given, Mapping) and "label" in given:
            order = _by_class(np.asarray(given["label"]).argmax(axis=-1))
        sections = [
            Section("Generated", [Tile(image) for image in images[order[: 6 * _COLUMNS]]]),
            Section("Real", [Tile(image) for image in examples["image"][: 2 * _COLUMNS]]),
        ]
        if isinstance(outputs, Mapping) and "reconstruction" in outputs:
            drawn = self._unscale(rows(outputs["reconstruction"], examples))[: 2 * _COLUMNS]
            sections.append(Section("Reconstructed", [Tile(image) for image in drawn]))
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
        found = parts(model)
        check_images("The generator's output", found[_generator(found)].output_shape[1:], dataset)

    def _images(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> np.ndarray:
        named = isinstance(outputs, Mapping) and "image" in outputs
        return self._unscale(single(outputs["image"] if named else outputs, examples))

    def _unscale(self, images: np.ndarray) -> np.ndarray:
        low, high = self.value_range
        return np.clip((images - low) / (high - low), 0, 1)


def _generator(found: Mapping[str, Any]) -> str:
    """Name the generator among the parts: it is the only one, or named so."""
    return "generator" if "generator" in found else next(iter(found))


def _by_class(labels: np.ndarray) -> np.ndarray:
    """Order images so that the columns of a picture are the classes, as far as there are enough."""
    ranks = np.zeros(len(labels), int)
    for label in np.unique(labels):
        ranks[labels == label] = np.arange(np.sum(labels == label))
    return np.lexsort((labels, ranks))
