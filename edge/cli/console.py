"""Where the commands print: tables on a terminal, plain columns in a pipe, JSON for a script."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

output = Console(soft_wrap=True)
errors = Console(stderr=True, soft_wrap=True)


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows as a table, numbers to the right."""
    rows = [tuple(row) for row in rows]
    table = Table(title=title)
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    print_table(table)


def print_table(table: Table) -> None:
    """Print a table and below it its caption, without lines and title when piped."""
    table.title_justify = "left"
    # A caption would be folded to the width of the table.
    caption, table.caption = table.caption, None
    if output.is_terminal:
        table.box = box.ROUNDED
        output.print(table)
    else:
        table.title, table.box, table.pad_edge = None, None, False
        Console(file=output.file, width=1_000).print(table)
    if caption:
        output.print(caption, highlight=False, markup=False)


def show_json(value: Any) -> None:
    """Print a value as indented JSON, the only thing on standard output."""
    output.file.write(json.dumps(value, indent=2, default=str) + "\n")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
