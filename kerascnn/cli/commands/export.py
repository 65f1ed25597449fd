"""`kerascnn export`: a trained model as a .tflite file or a SavedModel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import typer

from kerascnn.cli.loading import load_part
from kerascnn.edge.cli.console import output, print_table, show_json


def export(
    source: Path = typer.Argument(..., help="A run folder, or a .keras file."),
    quantize: str = typer.Option(
        "int8",
        help="float32, float16, weights, dynamic, int8 or int16; for a run also qat, which is int8 "
        "after training with its rounding.",
    ),
    epochs: int = typer.Option(3, min=1, help="Passes over the training split for qat."),
    to: Path | None = typer.Option(None, "--output", help="Where to; beside the source if not."),
    input_output: str = typer.Option(
        "float32", help="Types at the border: float32, int8, uint8, int16."
    ),
    observer: str | None = typer.Option(
        None,
        help="Ranges of int8: min_max, percentile or mse; by default mse for a run, else min_max.",
    ),
    skip: list[str] = typer.Option([], help="A layer to leave in float; may be repeated."),
    part: str | None = typer.Option(
        None, help="Export only this part or sub-model, such as encoder; else all that is deployed."
    ),
    inputs: Path | None = typer.Option(
        None,
        help="Calibration: a .npy file of inputs, or for a run a folder of pictures; its own "
        "training data by default.",
    ),
    html: Path | None = typer.Option(None, help="Write the report as a page to this file."),
    target: str = typer.Option("cpu", help="cpu, gpu, coral or microcontroller."),
    min_runtime: str | None = typer.Option(
        None, help="Oldest runtime that must run the file, such as 2.5 or 'LiteRT 2.3'."
    ),
    saved_model: bool = typer.Option(False, "--saved-model", help="For TF Serving instead."),
    as_json: bool = typer.Option(False, "--json", help="Print the report as JSON."),
) -> None:
    """Export a trained model and report what is in the file.

    Examples:

        kerascnn export runs/lenet5 --quantize int8

        kerascnn export runs/lenet5 --quantize qat --epochs 5

        kerascnn export runs/vae --part decoder --quantize float32

        kerascnn export runs/lenet5 --target coral --input-output uint8

        kerascnn export mine.keras --quantize int8 --inputs inputs.npy --observer mse --html m.html

        kerascnn export runs/lenet5 --saved-model --output serving/lenet5
    """
    if saved_model:
        written = _serve(source, part, to)
        show_json({"saved_model": str(written)}) if as_json else output.print(str(written))
        return
    options: dict[str, Any] = {
        "quantize": quantize,
        "input_output": input_output,
        "target": target,
        "min_runtime": min_runtime,
        "calibration": inputs if inputs is None or inputs.is_dir() else np.load(inputs),
        "skip": tuple(skip),
        **({"observer": observer} if observer else {}),
    }
    reports = _export(source, part, to, epochs, options)
    if html is not None:
        if len(reports) > 1:
            raise ValueError(
                f"A page shows one of {', '.join(reports)}; choose it with --part. "
                f"Received: --html {html}"
            )
        next(iter(reports.values())).to_html(html)
    if as_json:
        values = {name: report.to_dict() for name, report in reports.items()}
        show_json(values if len(values) > 1 else next(iter(values.values())))
        return
    for report in reports.values():
        print_table(report.table())
        if report.coral:
            print_table(report.coral.table())


def _export(
    source: Path, part: str | None, to: Path | None, epochs: int, options: dict[str, Any]
) -> dict[str, Any]:
    """Export what a run deploys, or one model, and give the report of each part."""
    from kerascnn.training import parts

    if source.is_dir():
        from kerascnn.cli.deployment import export_part
        from kerascnn.cli.runs import Run

        run = Run.open(source)
        names = [name for name in parts(run.model()) if part in (None, name)]
        if to is not None and len(names) > 1:
            raise ValueError(
                f"There is one file for each of {', '.join(names)}; choose one with --part. "
                f"Received: --output {to}"
            )
        if names:
            return {
                name: export_part(run, part=name, path=to, epochs=epochs, **options)
                for name in names
            }
    from kerascnn.export import to_tflite

    if options["quantize"] == "qat":
        raise ValueError(
            "Training with the rounding of int8 needs the data of a run: name the whole run. "
            f"Received: {source}{f' --part {part}' if part else ''}"
        )
    model, stem = load_part(source, part)
    path = to or stem.with_name(f"{stem.name}_{options['quantize']}.tflite")
    return {"model": to_tflite(model, path, **options)}


def _serve(source: Path, part: str | None, to: Path | None) -> Path:
    """Write a SavedModel; that of a run knows its labels, and has requests to warm up."""
    from kerascnn.export import to_saved_model

    model, stem = load_part(source, part)
    folder = to or stem.with_name("saved_model")
    if not source.is_dir():
        return to_saved_model(model, folder)
    from kerascnn.cli.deployment import serving_options
    from kerascnn.cli.runs import Run

    return to_saved_model(model, folder, **serving_options(Run.open(source), part))
