"""What every task can do."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from kerascnn.data import Dataset
from kerascnn.tasks.deployment import Deployment
from kerascnn.tasks.shapes import check_images


class Task(Deployment):
    """One purpose of models, independent of the system and of the runtime.

    Attributes:
        data: Name of the data set that is taken when none is named.
        metric: The key of `score` by which models are compared.
        validates: Whether the loss on held-out examples says something while training.
        chooses: Whether the largest number along the last axis of an output is an answer.
    """

    data: ClassVar[str]
    metric: ClassVar[str]
    validates: ClassVar[bool] = True
    chooses: ClassVar[bool] = True

    def model_options(self, dataset: Dataset) -> dict[str, Any]:
        """Give the arguments of a builder that the data decides."""
        return {"input_shape": dataset.shape}

    @abc.abstractmethod
    def example(self, example: Mapping[str, tf.Tensor], model: keras.Model) -> tuple[Any, ...]:
        """Turn one example of a data set into what `fit` takes: input and target.

        Args:
            example: Unbatched tensors by name.
            model: The model to train, whose output may decide the size of the target.
        """

    @abc.abstractmethod
    def compile(self, model: keras.Model, *, learning_rate: float | None = None) -> None:
        """Set optimizer, losses and metrics.

        Args:
            model: The model to train.
            learning_rate: Step size; the task's own when None.
        """

    def callbacks(self, dataset: Dataset, folder: Path) -> Sequence[keras.callbacks.Callback]:
        """Give what watches the training of a model for this task.

        Args:
            dataset: What it learns from.
            folder: The run folder, where pictures may go.
        """
        del dataset, folder
        return ()

    @abc.abstractmethod
    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure outputs of any runtime against the examples.

        Args:
            outputs: What `predict` gave for the examples.
            examples: The examples that the inputs were made of, and these as `input`.

        Returns:
            Each metric; `metric` is one of them.

        Raises:
            ValueError: If there are not as many outputs as examples.
        """

    @abc.abstractmethod
    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw examples and outputs so that a person sees how good they are.

        Args:
            examples: Arrays by name, examples along the first axis; `input` is what the model was
                fed.
            outputs: What `predict` gave for them.
            dataset: Where they come from, which names classes and key points.
        """

    def check(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse data that the task or the model cannot take.

        Raises:
            ValueError: If the model is not built, the examples lack something, or their shape is
                not the model's.
        """
        if not model.built:
            raise ValueError(
                "The model must be built: give it an Input, or call it on a batch. "
                f"Received: {model.name}, which is not"
            )
        held = set(dataset.train.element_spec)
        if missing := [key for key in self.needs if key not in held]:
            raise ValueError(
                f"The task {self.name} needs examples with {', '.join(self.needs)}. "
                f"Received: {dataset.name} without {', '.join(missing)}"
            )
        self.check_shape(model, dataset)

    def check_shape(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model that does not take the images or sounds of the data."""
        shape = getattr(model, "deployable", model).input_shape[1:]
        check_images("The model's input", shape, dataset)
