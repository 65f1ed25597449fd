"""`kerascnn inspect`: what is inside a .tflite file."""

from __future__ import annotations

from pathlib import Path

import typer

from kerascnn.edge.cli.console import print_table, show_json


def inspect(
    path: Path = typer.Argument(..., help="A .tflite file."),
    target: str | None = typer.Option(None, help="coral: what would run on an Edge TPU."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show the operators, types, size and metadata of a .tflite file.

    Example:

        kerascnn inspect runs/lenet5/model_int8.tflite

        kerascnn inspect runs/lenet5/model_int8.tflite --target coral
    """
    from kerascnn.export import coral
    from kerascnn.export import inspect as read

    if target not in (None, "coral"):
        raise ValueError(f"A file can be judged for coral. Received: target={target}")
    inspection = coral.check(path) if target else read(path)
    if as_json:
        show_json(inspection.to_dict())
    else:
        print_table(inspection.table())
