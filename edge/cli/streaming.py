"""Many pictures, one after the other: a live line, a picture of each answer, a summary."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from ..capture.frames import take
from ..capture.reading import Frame, Source
from ..measuring.emulation import emulator
from ..runtime.model import Model
from ..tasks.table import Head, Rows
from .asking import save_drawing
from .console import errors, output

_SHOWN = 3  # things of a picture in its line


@dataclass
class Tally:
    """Counts pictures and times them from the first answer on, when the camera is awake."""

    count: int = 0
    first: float = 0.0
    last: float = 0.0

    def add(self) -> None:
        """Count an answer that was given just now."""
        self.last = time.perf_counter()
        self.first = self.first or self.last
        self.count += 1

    def rate(self) -> str:
        """Say how many pictures there were a second; nothing where time means nothing."""
        if self.count < 2 or emulator():
            return ""
        return f"{(self.count - 1) / (self.last - self.first):.1f} frames a second"


def stream(
    model: Model,
    head: Head,
    source: Source,
    options: dict[str, Any],
    *,
    save: Path | None,
    every: int = 1,
    limit: int | None = None,
    as_json: bool = False,
) -> None:
    """Ask a model about the pictures of a source until they end, or until Ctrl-C.

    Args:
        model: The model.
        head: What it is asked.
        source: The pictures.
        options: The task's options.
        save: Folder to draw the answers into, made if it isn't there; or a file for a single one.
        every: Take the first of so many pictures.
        limit: Most pictures to take.
        as_json: Print a line of JSON for each picture.

    Raises:
        typer.Exit: With code 130 if Ctrl-C ended what has an end.
    """
    place = _places(save, limit)
    tally, interrupted = Tally(), False
    with _live(source, every, limit, as_json=as_json) as show:
        try:
            for frame in take(source, every, limit):
                result = head(model, frame.pixels, **options)
                if place is not None:
                    save_drawing(place(frame), frame.pixels, result, model)
                tally.add()
                show(frame, head.rows(result, model.metadata), tally)
        except KeyboardInterrupt:
            interrupted = True
    lines = [", ".join(filter(None, (f"{tally.count} frames", tally.rate())))]
    if save is not None:
        lines.append(f"Written: {save}")
    # Standard output holds nothing but JSON where JSON was asked for.
    (errors if as_json else output).print("\n".join(lines), highlight=False)
    if interrupted and source.kind != "camera":
        raise typer.Exit(130)


def _places(save: Path | None, limit: int | None) -> Callable[[Frame], Path] | None:
    """Find the file of each answer, and make their folder."""
    if save is None:
        return None
    if save.suffix and not save.is_dir():
        if limit != 1:
            raise ValueError(f"Many pictures are saved in a folder. Received: --save {save}")
        return lambda frame: save
    save.mkdir(parents=True, exist_ok=True)
    return lambda frame: save / f"{frame.name}.png"


@contextmanager
def _live(source: Source, every: int, limit: int | None, *, as_json: bool) -> Iterator[Any]:
    """Give what shows an answer: a bar on a terminal, else a line for each picture."""
    if as_json or not output.is_terminal:
        yield _show_json if as_json else _show_line
        return
    known = -(-source.length // every) if source.length else None
    total = min(filter(None, (known, limit)), default=None)
    columns = (BarColumn(20), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=output) as progress:
        task = progress.add_task("", total=total)

        def show(frame: Frame, rows: Rows, tally: Tally) -> None:
            progress.update(task, advance=1, description=f"{tally.rate()}  {summary(rows)}")

        yield show


def _show_json(frame: Frame, rows: Rows, tally: Tally) -> None:
    output.file.write(json.dumps({"frame": frame.name, "result": rows}, default=str) + "\n")
    output.file.flush()


def _show_line(frame: Frame, rows: Rows, tally: Tally) -> None:
    output.file.write(f"{frame.name}  {summary(rows)}\n")
    output.file.flush()


def summary(rows: Rows) -> str:
    """Say an answer in half a line: the first things found, each with its first two values."""
    pairs = [tuple(row.values())[:2] for row in rows] if isinstance(rows, list) else rows.items()
    texts = [" ".join(map(_text, pair)) for pair in list(pairs)[:_SHOWN]]
    return ", ".join(texts) or "nothing found"


def _text(value: Any) -> str:
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
