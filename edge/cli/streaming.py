"""Many pictures, one after the other: a live line, a picture of each answer, a summary."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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

    times: list[float] = field(default_factory=list)

    def rate(self) -> str:
        """Say how many pictures there were a second; nothing where time means nothing."""
        if len(self.times) < 2 or emulator():
            return ""
        return f"{(len(self.times) - 1) / (self.times[-1] - self.times[0]):.1f} frames a second"


def stream(
    model: Model,
    head: Head,
    source: Source,
    options: dict[str, Any],
    *,
    folder: Path | None,
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
        folder: Where to draw the answers; made if it isn't there.
        every: Take the first of so many pictures.
        limit: Most pictures to take.
        as_json: Print a line of JSON for each picture.

    Raises:
        typer.Exit: With code 130 if Ctrl-C ended what has an end.
    """
    if folder is not None:
        _make(folder)
    tally, interrupted = Tally(), False
    with _live(source, every, limit, as_json=as_json) as show:
        try:
            for frame in take(source, every, limit):
                result = head(model, frame.pixels, **options)
                if folder is not None:
                    save_drawing(folder / f"{frame.name}.png", frame.pixels, result, model)
                tally.times.append(time.perf_counter())
                show(frame, head.rows(result, model.metadata), tally)
        except KeyboardInterrupt:
            interrupted = True
    seen = ", ".join(filter(None, (f"{len(tally.times)} frames", tally.rate())))
    # Standard output holds nothing but JSON where JSON was asked for.
    (errors if as_json else output).print(seen, highlight=False)
    if folder is not None:
        (errors if as_json else output).print(f"Written: {folder}", highlight=False)
    if interrupted and source.kind != "camera":
        raise typer.Exit(130)


def _make(folder: Path) -> None:
    if folder.suffix and not folder.is_dir():
        raise ValueError(f"Many pictures are saved in a folder. Received: --save {folder}")
    folder.mkdir(parents=True, exist_ok=True)


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
