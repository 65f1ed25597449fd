"""`kerascnn run`: an exported model on a picture, a batch of arrays, or noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import typer

from kerascnn.cli.console import output, show_json, show_table


def run(
    path: Path = typer.Argument(..., help="A .tflite file."),
    source: Path | None = typer.Argument(
        None, help="A picture, or a .npy batch of inputs; none for a generator."
    ),
    save: Path | None = typer.Option(
        None, help="Where to: a picture of the result, or a .npz of the outputs of a batch."
    ),
    top_k: int = typer.Option(5, min=1, help="Classes shown."),
    count: int = typer.Option(16, min=1, help="Pictures that a generator makes."),
    seed: int = typer.Option(0, help="Seed of a generator's noise."),
    device: str = typer.Option("auto", help="auto, cpu or coral."),
    threads: int | None = typer.Option(None, min=1, help="Threads of the runtime."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Run an exported model; neither TensorFlow nor Keras is needed.

    Labels and pre-processing come from the file.

    Examples:

        kerascnn run lenet5_int8.tflite digit.png

        kerascnn run unet_int8.tflite photo.jpg --save masked.png

        kerascnn run dcgan_int8.tflite --count 64 --save samples.png

        kerascnn run lenet5_int8.tflite inputs.npy --save outputs.npz
    """
    from kerascnn import edge

    model = edge.load(path, device=device, threads=threads)
    if source is not None and source.suffix == ".npy":
        shown = _run_batch(model, source, save)
    else:
        options = {"classification": {"top_k": top_k}, "generation": {"count": count, "seed": seed}}
        shown = _run_task(model, source, save, options.get(model.metadata.task, {}))
    if as_json:
        show_json(shown)
    elif isinstance(shown, list):
        show_table(path.name, tuple(shown[0]), (row.values() for row in shown))
    else:
        show_table(path.name, ("result", "value"), shown.items())
    if save and not as_json:
        output.print(f"Written: {save}", highlight=False)
