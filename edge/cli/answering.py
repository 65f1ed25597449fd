"""Asks a model about one thing, many pictures or a batch, and shows what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..capture.frames import find_source
from ..runtime.model import Model
from ..tasks.table import Rows
from .asking import ask, ask_batch, head_for
from .console import output, show_json, show_table
from .streaming import stream


def answer(
    model: Model,
    source: str | None,
    options: dict[str, Any],
    taking: dict[str, int],
    save: Path | None,
    as_json: bool,
) -> None:
    """Choose between a batch, many pictures, and one question; show the answer.

    Args:
        model: The model.
        source: What it is asked about; None for a generator.
        options: Options of its task.
        taking: Which of many pictures are taken, `every` and `limit`.
        save: Where a drawing or the outputs go.
        as_json: Whether to print JSON.
    """
    batch = source is not None and source.endswith((".npy", ".npz"))
    head = None if batch else head_for(model, source, options)
    if head and source and head.takes == "picture":
        found = find_source(source)
        if found.kind != "picture":
            stream(model, head, found, options, save=save, **taking, as_json=as_json)
            return
        if save and save.is_dir():
            save /= f"{Path(source).stem}.png"
    elif taking:
        flags = ", ".join(f"--{name}" for name in taking)
        raise ValueError(f"Only pictures can be many. Received: {flags} with {source}")
    if head is None:
        shown = ask_batch(model, Path(str(source)), save)
    else:
        shown = ask(model, head, source, save, options)
    _show(shown, model.path.name, save, as_json=as_json)


def _show(shown: Rows, title: str, save: Path | None, *, as_json: bool) -> None:
    if as_json:
        show_json(shown)
        return
    if not shown:
        output.print("Nothing found.")
    elif isinstance(shown, list):
        show_table(title, tuple(shown[0]), (tuple(row.values()) for row in shown))
    else:
        show_table(title, ("result", "value"), shown.items())
    if save:
        output.print(f"Written: {save}", highlight=False)
