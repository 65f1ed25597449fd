"""Trains a model for a task into a folder, from which an interrupted run goes on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import keras

from kerascnn.data import Dataset
from kerascnn.tasks.backup import Backup, holds_backup
from kerascnn.tasks.compiling import compile_model
from kerascnn.tasks.curves import draw_curves
from kerascnn.tasks.epochs import Chance, batches, held_out
from kerascnn.tasks.history import Finite, History, read_history
from kerascnn.tasks.saving import kept_besides, save_model
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
    accumulation_steps: int = 1,
    xla: bool = False,
    keep_best: bool = False,
    tensorboard: bool = False,
    cache: bool = False,
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
        accumulation_steps: Batches whose gradients are added up to one change of the weights.
        xla: Compile the step by XLA, which takes a while; without it Keras decides.
        keep_best: Keep the model with the least loss on held-out examples too, as `best.keras`.
        tensorboard: Write logs for TensorBoard to `tensorboard` in the folder.
        cache: Keep the decoded examples of a folder in memory after the first epoch.
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
    kept = kept_besides(folder, task, best=keep_best, tensorboard=tensorboard)
    keras.utils.set_random_seed(seed)
    schedule = compile_model(
        model,
        task,
        epochs=epochs,
        learning_rate=learning_rate,
        steps_per_execution=steps_per_execution,
        accumulation_steps=accumulation_steps,
        xla=xla,
    )
    _prepare(folder, resume)
    chance = Chance(seed)
    history = History(folder / "history.csv")
    steps = int(dataset.train.cardinality()) // batch_size
    with Progress(steps=steps) as progress, watching_workers(run):
        model.fit(
            batches(task, model, dataset, batch_size, chance.order, cache=cache),
            validation_data=held_out(task, model, dataset.validation, batch_size),
            epochs=epochs,
            shuffle=False,  # the batches are, by themselves
            verbose=0,
            callbacks=[
                chance,
                Finite(),
                history,
                Backup(folder / "backup"),
                progress,
                *task.callbacks(dataset, folder),
                *kept,
                *schedule,
                *callbacks,
            ],
        )
    values = read_history(folder / "history.csv")
    _save(model, folder, values)
    return values


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
    save_model(model, folder / "model.keras")
    partial = folder / "partial.png"
    draw_curves(history).save(partial)
    os.replace(partial, folder / "curves.png")
