"""`kerascnn inspect`: what is inside a .tflite file."""

from __future__ import annotations

from pathlib import Path

import typer

from kerascnn.cli.console import print_table, show_json


def inspect(
    path: Path = typer.Argument(..., help="A .tflite file."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show the operators, types, size and metadata of a .tflite file.

    Example:

        kerascnn inspect runs/lenet5/model_int8.tflite
    """
    from kerascnn.export import inspect as read

    inspection = read(path)
    if as_json:
        show_json(inspection.to_dict())
    else:
        print_table(inspection.table())
