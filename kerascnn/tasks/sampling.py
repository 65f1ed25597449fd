"""A picture of what a generator draws, after each epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerascnn.data import Dataset, arrays
from kerascnn.tasks.samples import draw_samples
from kerascnn.tasks.task import Task

_IMAGES = 30


class Samples(keras.callbacks.Callback):
    """Draw the same latent variables after each epoch, into a picture of its own.

    Args:
        task: The task, which gives the inputs and the value range.
        dataset: Its first held-out examples are drawn beside the generated images.
        folder: Where the pictures go: `epoch_0001.png` and so on.
    """

    def __init__(self, task: Task, dataset: Dataset, folder: Path) -> None:
        super().__init__()
        self.task = task
        self.examples = arrays(dataset.test, _IMAGES)
        self.folder = folder

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Choose the latent variables."""
        self.inputs = self.task.inputs(self.model, self.examples)
        self.folder.mkdir(parents=True, exist_ok=True)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Draw them."""
        low, high = self.task.value_range
        images = np.asarray(self.model.preview(self.inputs), np.float32)
        images = np.clip((images - low) / (high - low), 0, 1)
        classes = self.inputs.get("label") if isinstance(self.inputs, dict) else None
        picture = draw_samples(images, self.examples["image"], classes)
        picture.save(self.folder / f"epoch_{epoch + 1:04d}.png")
