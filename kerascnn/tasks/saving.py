"""Model files that are whole at any moment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import keras

from kerascnn.tasks.history import read_history
from kerascnn.tasks.task import Task
from kerascnn.tasks.tensorboard import TensorBoard


def save_model(model: keras.Model, path: Path) -> None:
    """Write a `.keras` file, which replaces an older one only when it is whole."""
    partial = path.with_name(f"partial-{path.name}")
    model.save(partial)
    os.replace(partial, path)


def kept_besides(
    folder: Path, task: Task, *, best: bool, tensorboard: bool
) -> list[keras.callbacks.Callback]:
    """Give what writes more than the state and the history after an epoch.

    Raises:
        ValueError: If the best is to be kept, and nothing says which it is.
        ModuleNotFoundError: If TensorBoard's package is not installed.
    """
    if best and not task.validates:
        raise ValueError(
            f"The loss of {task.name} does not say which epoch is best; keep the last one. "
            "Received: keep_best=True"
        )
    kept: list[keras.callbacks.Callback] = [Best(folder)] if best else []
    return [*kept, TensorBoard(folder)] if tensorboard else kept


class Best(keras.callbacks.Callback):
    """Keep the model of the epoch with the least loss on held-out examples.

    Unlike `keras.callbacks.ModelCheckpoint` it leaves no half-written file, and goes on in a
    resumed run where it was.

    Args:
        folder: The run folder; the model goes to `best.keras` in it.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.least = float("inf")

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Take the least loss of the epochs before, of a resumed run."""
        losses = read_history(self.folder / "history.csv").get("val_loss", [])
        self.least = min(losses, default=float("inf"))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Save the model if it is the best so far."""
        loss = (logs or {})["val_loss"]
        if loss < self.least:
            self.least = loss
            save_model(self.model, self.folder / "best.keras")
