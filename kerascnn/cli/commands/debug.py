"""`kerascnn debug`: what is left of each layer in a .tflite file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import typer

from kerascnn.cli.loading import load_part
from kerascnn.edge.cli.console import print_table, show_json


def debug(
    source: Path = typer.Argument(..., help="A run folder, or a .keras file."),
    path: Path = typer.Argument(..., help="The .tflite file that was exported from it."),
    inputs: Path | None = typer.Option(
        None, help="A .npy file of inputs; a run's own test data by default."
    ),
    part: str | None = typer.Option(None, help="The sub-model that was exported."),
    plot: Path | None = typer.Option(None, help="Draw the worst layers into this picture."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show the layers that lost most to the quantization, and what to do about each.

    Examples:

        kerascnn debug runs/lenet5 runs/lenet5/model_int8.tflite

        kerascnn debug mine.keras mine_int8.tflite --inputs inputs.npy --plot layers.png
    """
    from kerascnn.export import debug as measure

    model, _ = load_part(source, part)
    errors = measure(model, path, _inputs(source, part) if inputs is None else np.load(inputs))
    if plot is not None:
        errors.plot(plot)
    if as_json:
        show_json(errors.to_dict())
    else:
        print_table(errors.table())


def _inputs(source: Path, part: str | None) -> object:
    if not source.is_dir():
        raise ValueError(f"Pass --inputs, a .npy file of inputs. Received: source={source}")
    from kerascnn import data
    from kerascnn.cli.runs import Run

    run = Run.open(source)
    feeds = run.purpose.feeds(run.model(), data.arrays(run.dataset.test, 32))
    return feeds[part] if part in feeds else next(iter(feeds.values()))
