"""What a task does with the models that go to a device."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeAlias, TypeVar

import keras
import numpy as np
import tensorflow as tf

from kerascnn.data import Dataset
from kerascnn.training import parts

Pixels = TypeVar("Pixels", np.ndarray, tf.Tensor)
Predict: TypeAlias = Callable[[Any], Any]


class Deployment(abc.ABC):
    """What goes into the models of a device, what comes out of them, and how it is described.

    Attributes:
        name: The task's name, which is also the folder of its systems.
        needs: What an example must hold, first of all what the model is fed.
        value_range: What the values 0 and 1 of a pixel become for the model.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ("image",)
    value_range: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def inputs(self, model: keras.Model, examples: Mapping[str, np.ndarray]) -> Any:
        """Give what the deployable model is fed for some examples.

        Args:
            model: The model.
            examples: Arrays by name, examples along the first axis.

        Returns:
            Examples along the first axis: an array, or arrays by name where it has several inputs.
        """
        del model
        return np.asarray(self.scale(np.asarray(examples[self.needs[0]])), np.float32)

    def feeds(self, model: keras.Model, examples: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Give what each part that goes to the device is fed for some examples.

        Args:
            model: The model.
            examples: Arrays by name, examples along the first axis.

        Returns:
            For each name that `kerascnn.training.parts` gives, an array, or arrays by name.
        """
        (name,) = parts(model)
        return {name: self.inputs(model, examples)}

    def predict(
        self, runs: Mapping[str, Predict], model: keras.Model, examples: Mapping[str, np.ndarray]
    ) -> Any:
        """Give the outputs that are scored, by whatever runtime.

        Args:
            runs: For each name that `kerascnn.training.parts` gives, what runs this part.
            model: The model.
            examples: Arrays by name, with what the model is fed as `input`.

        Returns:
            An array, or arrays by name.
        """
        del model
        (run,) = runs.values()
        return run(examples["input"])

    def metadata(self, dataset: Dataset, part: str = "model") -> dict[str, Any]:
        """Give the fields of `kerascnn.edge.Metadata` of a part of a model trained on the data.

        Args:
            dataset: What the model was trained on.
            part: A name that `kerascnn.training.parts` gives.
        """
        del part
        low, high = self.value_range
        std = (255.0 / (high - low),)
        mean = (-low * std[0] + 0.0,)  # never -0.0, which people would see in the file
        return {
            "task": self.name,
            "mean": mean,
            "std": std,
            "output_mean": mean,
            "output_std": std,
            "description": f"{self.name}, trained on {dataset.name}",
            "licence": dataset.licence,
            "source": dataset.source,
        }

    def scale(self, images: Pixels) -> Pixels:
        """Map images from [0, 1] to the value range."""
        low, high = self.value_range
        return images * (high - low) + low
