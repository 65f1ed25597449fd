"""Trains a model for a task into a folder, from which an interrupted run goes on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerascnn.data import Dataset
from kerascnn.tasks.backup import Backup, holds_backup
from kerascnn.tasks.curves import draw_curves
from kerascnn.tasks.epochs import Chance, batches, cosine, held_out
from kerascnn.tasks.history import History, read_history
from kerascnn.tasks.task import Task
from kerascnn.training.distribution import check_parts, watching_workers, worker_folder
from kerascnn.training.progress import Progress


def train(
    model: keras.Model,
    task: Task,
    dataset: Dataset,
    folder: str | Path,
    *,
    epochs: int,
    batch_size: int = 64,
    learning_rate: float | None = None,
    resume: bool = False,
    seed: int = 0,
    steps_per_execution: int = 1,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> dict[str, list[float]]:
    """Compile and fit a model.

    The folder gets `history.csv` and `backup/` after each epoch, and what `task.callbacks` write;
    `model.keras` and `curves.png` at the end. When training is interrupted, the last whole epoch
    stays; `resume` goes on with the same weights, optimizer state and order of examples, and ends
    where an uninterrupted run does.

    A model that was built under a strategy of tf.distribute trains under it. Of several workers
    each one calls this; the chief's results are in the folder, the others' in `worker-1` and so on
    in it.

    Args:
        model: Built, and not necessarily compiled.
        task: What the model is for.
        dataset: What it learns from.
        folder: Where the results go; it is made if need be.
        epochs: Passes over the training split, those before a resumption included.
        batch_size: Examples a step, of all replicas together. A last batch that is smaller is
            dropped, unless it is the only one; as the order changes from epoch to epoch, no example
            stays unseen.
        learning_rate: Step size of the first epoch, from which it falls to almost 0 where the
            model has one optimizer; the task's own when None.
        resume: Go on with the state in the folder; otherwise begin anew, and drop that state.
        seed: Seed of the order and of what layers draw.
        steps_per_execution: Steps between two looks at the callbacks; more keep fast devices busy.
        callbacks: Further callbacks.

    Returns:
        The values of each loss and metric, one an epoch.

    Raises:
        ValueError: If an argument is out of range, the data does not fit the model, there is
            nothing to resume, or the loss is not finite.
        WorkerLostError: If another worker is gone; all go on with `resume`.
    """
    if epochs < 1 or batch_size < 1 or (learning_rate is not None and not learning_rate > 0):
        raise ValueError(
            "Epochs, batch size and learning rate must be positive. Received: "
            f"epochs={epochs}, batch_size={batch_size}, learning_rate={learning_rate}"
        )
    strategy, run = model.distribute_strategy, Path(folder)
    check_parts(batch_size, strategy)
    task.check(model, dataset)
    folder = worker_folder(run, strategy)
    _prepare(folder, resume)
    keras.utils.set_random_seed(seed)
    with strategy.scope():
        task.compile(model, learning_rate=learning_rate)
        model.steps_per_execution = steps_per_execution
        if model.optimizer is not None:
            # A backup can only be restored into an optimizer whose state exists.
            model.optimizer.build(model.trainable_variables)
            peak = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
            callbacks = [cosine(peak, epochs), *callbacks]
    chance = Chance(seed)
    history = History(folder / "history.csv")
    with Progress() as progress, watching_workers(run):
        model.fit(
            batches(task, model, dataset.train, batch_size, chance.order),
            validation_data=held_out(task, model, dataset.validation, batch_size),
            epochs=epochs,
            shuffle=False,  # the batches are, by themselves
            verbose=0,
            callbacks=[
                chance,
                _Finite(),
                history,
                Backup(folder / "backup"),
                progress,
                *task.callbacks(dataset, folder),
                *callbacks,
            ],
        )
    values = read_history(folder / "history.csv")
    _save(model, folder, values)
    return values


class _Finite(keras.callbacks.Callback):
    """Stops a run that diverges, before its state overwrites the last good one."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        for name, value in (logs or {}).items():
            if "loss" in name and not np.isfinite(value):
                raise ValueError(
                    "The loss must stay finite; lower the learning rate. "
                    f"Received: {name}={value} in epoch {epoch + 1}"
                )


def _prepare(folder: Path, resume: bool) -> None:
    """Make the folder, or check that it can be gone on with."""
    if resume:
        if not holds_backup(folder / "backup"):
            raise ValueError(
                "There is no run to go on with; train without resume first. "
                f"Received: {folder} without a backup"
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "backup", ignore_errors=True)
    (folder / "history.csv").unlink(missing_ok=True)


def _save(model: keras.Model, folder: Path, history: dict[str, list[float]]) -> None:
    """Write the results, each of which replaces an older one only when it is whole."""
    partial = folder / "partial.keras"
    model.save(partial)
    os.replace(partial, folder / "model.keras")
    partial = folder / "partial.png"
    draw_curves(history).save(partial)
    os.replace(partial, folder / "curves.png")
