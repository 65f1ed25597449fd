"""`kerascnn records`: a data set as TFRecord files."""

from __future__ import annotations

from pathlib import Path

import typer

from kerascnn.edge.cli.console import output


def records(
    data: str = typer.Argument(..., help="A data set, as train takes it."),
    to: Path = typer.Option(Path("records"), "--output", help="A new folder for the files."),
    data_option: list[str] = typer.Option([], help="key=value for the data set, such as size=224."),
    shard_size: int = typer.Option(1024, min=1, help="Examples in a file."),
) -> None:
    """Write a data set as TFRecord files, which train takes as --data, and many machines share.

    Examples:

        kerascnn records path/to/folder --data-option size=224 --output records

        kerascnn train resnet50 --data records
    """
    from kerascnn.cli.configuration import parse_options
    from kerascnn.data import load, write_records

    dataset = load(data, **parse_options(data_option))
    output.print(str(write_records(dataset, to, shard_size=shard_size)), highlight=False)
