"""Images out of noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from kerascnn.data import Dataset
from kerascnn.tasks.deployment import Predict
from kerascnn.tasks.generated import score_images, score_parts
from kerascnn.tasks.noise import fixed_seed
from kerascnn.tasks.outputs import single
from kerascnn.tasks.samples import draw_samples
from kerascnn.tasks.sampling import Samples
from kerascnn.tasks.shapes import check_images
from kerascnn.tasks.task import Task
from kerascnn.training import StopOnCollapse, parts
from kerascnn.training.labelled_players import with_labels
from kerascnn.training.noise import Noise

_TASKS = {"encoder": "embedding", "classifier": "classification"}  # of parts beside the generator


class Generation(Task):
    """Draw images like those of the data.

    For a `kerascnn.training.GAN`, whose generator goes to the device, and what else it deploys: an
    `encoder` of images to latent variables, or a `classifier` that gives their probabilities.
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
        """Take the system's own losses and optimizers.

        A learning rate is the generator's; that of the discriminator stays in proportion.
        """
        optimizers = generator, discriminator = model.new_optimizers()
        if learning_rate is not None:
            ratio = float(discriminator.learning_rate) / float(generator.learning_rate)
            generator.learning_rate = learning_rate
            discriminator.learning_rate = learning_rate * ratio
        model.compile(*optimizers)

    def callbacks(self, dataset: Dataset, folder: Path) -> Sequence[keras.callbacks.Callback]:
        """Draw the same latent variables after each epoch, and stop when all is the same."""
        return Samples(self, dataset, folder / "samples"), StopOnCollapse()

    def inputs(self, model: keras.Model, examples: Mapping[str, np.ndarray]) -> Any:
        """Draw what the generator takes for as many images as there are examples.

        The same examples always have the same latent variables. Labels are those of the examples.
        """
        count, seed = len(examples["image"]), fixed_seed(np.asarray(examples["image"]))
        drawn = model.latents(count, Noise(seed))
        fed = with_labels(model.generator, drawn, examples.get("label"))
        return keras.tree.map_structure(keras.ops.convert_to_numpy, fed)

    def feeds(self, model: keras.Model, examples: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Give latent variables to the generator, and the images to all others."""
        generator, *others = parts(model)
        images = super().inputs(model, examples)
        return {generator: self.inputs(model, examples), **dict.fromkeys(others, images)}

    def predict(
        self, runs: Mapping[str, Predict], model: keras.Model, examples: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Give `generated` images, `reconstruction`s of the real ones, and `probabilities`."""
        (draw, *_), images = runs.values(), super().inputs(model, examples)
        outputs = {"generated": single(draw(examples["input"]), examples)}
        if "encoder" in runs:
            codes = single(runs["encoder"](images), examples)
            outputs["reconstruction"] = single(draw(codes), examples)
        if "classifier" in runs:
            outputs["probabilities"] = single(runs["classifier"](images), examples)
        return outputs

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure generated digits by a network that was trained on real ones.

        `fdd` is the Frechet distance of its features from those of the real examples, besides what
        else `fidelity` gives; `cover` the number of digits that more than 2 % of the images show,
        and `entropy` how evenly, from 0 (always the same) to 1. `class_accuracy` is the share that
        show the class asked for, and `mutual_information`, in nats, how much a category says about
        the digit. Images that cannot be digits are not measured.

        `reconstruction_error` is the mean squared error as a share of that between other images.
        """
        return {
            **score_images(self.images(outputs, examples), examples),
            **score_parts(self._parts(outputs), examples),
        }

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw generated images, those of a class below each other, and real ones to compare."""
        given = examples.get("input")
        asked: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        classes = asked.get("label", asked.get("category"))
        again = self._parts(outputs).get("reconstruction")
        return draw_samples(self.images(outputs, examples), examples["image"], classes, again)

    def metadata(self, dataset: Dataset, part: str = "model") -> dict[str, Any]:
        """Describe an encoder and a classifier by what they do, and name the classes."""
        described = {**super().metadata(dataset, part), "task": _TASKS.get(part, self.name)}
        return described if part == "encoder" else {**described, "labels": dataset.labels}

    def check_shape(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model of images of another shape, or of labels where there are none."""
        generator, *_ = parts(model).values()
        if model.needs_labels and "label" not in dataset.train.element_spec:
            raise ValueError(f"{model.name} needs a label. Received: {dataset.name} without label")
        check_images("The generator's output", generator.output_shape[1:], dataset)

    def images(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> np.ndarray:
        """Give the generated images, in [0, 1]."""
        drawn = outputs["generated"] if isinstance(outputs, Mapping) else outputs
        return self._unscaled(single(drawn, examples))

    def _parts(self, outputs: Any) -> dict[str, np.ndarray]:
        """Give what came of other parts than the generator, images in [0, 1]."""
        given = dict(outputs) if isinstance(outputs, Mapping) else {}
        if "reconstruction" in given:
            given["reconstruction"] = self._unscaled(given["reconstruction"])
        return given

    def _unscaled(self, images: np.ndarray) -> np.ndarray:
        low, high = self.value_range
        return np.clip((images - low) / (high - low), 0, 1)
