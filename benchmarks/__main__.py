"""Run the benchmarks and print a table of ratios: `python -m benchmarks [PART ...]`."""

import importlib
import os
import pkgutil
from pathlib import Path
from typing import Annotated

import rich
import typer
from rich.progress import Progress
from rich.table import Table

import benchmarks
from benchmarks.measure import Row

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

_PARTS = sorted(
    module.name
    for module in pkgutil.iter_modules(benchmarks.__path__)
    if module.name not in ("__main__", "measure")
)


def main(
    parts: Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(_PARTS)}.")] = None,
    save: Annotated[Path | None, typer.Option(help="Write the table to this file, too.")] = None,
) -> None:
    """Compare our layers and losses with the same thing written another way.

    Ends with status 1 if a ratio is above its limit.
    """
    unknown = sorted(set(parts or ()) - set(_PARTS))
    if unknown:
        raise typer.BadParameter(f"The parts are {', '.join(_PARTS)}. Received: {unknown}")
    rows = []
    with Progress(transient=True) as progress:
        for part in progress.track(parts or _PARTS):
            for row in importlib.import_module(f"benchmarks.{part}").rows():
                rows.append((part, *_cells(row)))
                progress.console.print(" ".join(rows[-1]), highlight=False)
    header = ("part", "what", "ours", "theirs", "ratio", "limit", "")
    table = Table(*header)
    for row in rows:
        table.add_row(*row)
    rich.print(table)
    if save:
        lines = [header, ["---"] * len(header), *rows]
        save.write_text("".join(f"| {' | '.join(line)} |\n" for line in lines))
    if any(row[-1] for row in rows):
        raise typer.Exit(1)


def _cells(row: Row) -> tuple[str, ...]:
    def show(value: float | None, unit: str = "") -> str:
        return "" if value is None else f"{value:.3g} {unit}".strip()

    figures = (show(row.ours, row.unit), show(row.theirs, row.unit))
    return (row.what, *figures, show(row.ratio), show(row.limit), "" if row.kept else "too much")


if __name__ == "__main__":
    typer.run(main)
