"""One question to a model, with the options that its task knows."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ..drawing.draw import draw
from ..runtime.model import Model
from ..tasks.table import TASKS, Head, Rows
from .files import replacing


def head_for(model: Model, source: str | None, options: Iterable[str]) -> Head:
    """Find what the model is asked, and check what it is asked with.

    Args:
        model: The model.
        source: What it is asked about.
        options: Names of the options that were given.

    Raises:
        ValueError: If the file names no task, or the task takes another source or other options.
    """
    task = model.metadata.task
    if task not in TASKS:
        raise ValueError(
            "The file names no task, so only a .npy batch can be run. "
            f"Received: task={task!r}, known are {', '.join(TASKS)}"
        )
    head = TASKS[task]
    if bool(head.takes) != (source is not None):
        needs = f"a {head.takes}" if head.takes else "no file but the model's"
        raise ValueError(
            f"A {task} model needs {needs}. Received: {model.path}, {source or 'nothing more'}"
        )
    _check_options(task, head, options)
    return head


def ask(
    model: Model, head: Head, source: str | None, save: Path | None, options: dict[str, Any]
) -> Rows:
    """Ask the model what its task asks, and draw the answer if it shall be saved."""
    result = head(model, *([] if source is None else [source]), **options)
    if save:
        save_drawing(save, source if head.takes == "picture" else None, result, model)
    return head.rows(result, model.metadata)


def ask_batch(model: Model, source: Path, save: Path | None) -> Rows:
    """Run an array of inputs, or arrays by the names of the inputs, in the model's own units."""
    inputs = np.load(source)
    outputs: dict[str, Any] = model.run(dict(inputs) if source.suffix == ".npz" else inputs)
    if save:
        with replacing(save) as working:
            np.savez(working, **outputs)
    return {name: "x".join(map(str, value.shape)) for name, value in outputs.items()}


def save_drawing(path: Path, picture: Any, result: Any, model: Model) -> None:
    """Draw an answer into a picture file."""
    with replacing(path) as working:
        draw(picture, result, model.metadata).save(working)


def _check_options(task: str, head: Head, options: Iterable[str]) -> None:
    """Refuse options that the task has no use for, and the lack of one that it needs."""
    takes = inspect.signature(head.function).parameters
    if foreign := [_flag(name) for name in options if name not in takes]:
        raise ValueError(f"A {task} model has no use for these. Received: {', '.join(foreign)}")
    for name, taken in takes.items():
        required = taken.kind is taken.KEYWORD_ONLY and taken.default is taken.empty
        if required and name not in options:
            raise ValueError(f"A {task} model needs {_flag(name)}. Received: none")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
