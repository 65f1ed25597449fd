"""`kerascnn run`: an exported model on a picture, a recording, a batch of arrays, or noise."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from kerascnn.cli.console import output, show_json, show_table
from kerascnn.cli.files import replacing

if TYPE_CHECKING:
    from kerascnn import edge


def run(
    path: Path = typer.Argument(..., help="A .tflite file."),
    source: Path | None = typer.Argument(
        None, help="A picture, a .wav file, or a .npy batch of inputs; none for a generator."
    ),
    save: Path | None = typer.Option(
        None, help="Where to: a picture of the result, or a .npz of the outputs of a batch."
    ),
    top_k: int | None = typer.Option(None, min=1, help="Classes shown, 5 by default."),
    count: int | None = typer.Option(
        None, min=1, help="Pictures that a generator makes, 16 by default."
    ),
    seed: int | None = typer.Option(None, help="Seed of a generator's noise, 0 by default."),
    score_threshold: float | None = typer.Option(
        None, min=0.0, max=1.0, help="Least score of a detection; the file's own by default."
    ),
    iou_threshold: float | None = typer.Option(
        None, min=0.0, max=1.0, help="Most overlap of detections; the file's own by default."
    ),
    decoder: Path | None = typer.Option(None, help="The .tflite file that writes captions."),
    beams: int | None = typer.Option(None, min=1, help="Captions or transcripts that compete."),
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

        kerascnn run encoder.tflite photo.jpg --decoder decoder.tflite --beams 5

        kerascnn run lenet5_int8.tflite inputs.npy --save outputs.npz
    """
    from kerascnn import edge

    options = {
        "top_k": top_k,
        "count": count,
        "seed": seed,
        "score_threshold": score_threshold,
        "iou_threshold": iou_threshold,
        "decoder": decoder and edge.load(decoder, device=device, threads=threads),
        "beams": beams,
    }
    given = {name: value for name, value in options.items() if value is not None}
    model = edge.load(path, device=device, threads=threads)
    if source is not None and source.suffix == ".npy":
        shown = _run_batch(model, source, save)
    else:
        shown = _run_task(model, source, save, given)
    if as_json:
        show_json(shown)
    elif not shown:
        output.print("Nothing found.")
    elif isinstance(shown, list):
        show_table(path.name, tuple(shown[0]), (row.values() for row in shown))
    else:
        show_table(path.name, ("result", "value"), shown.items())
    if save and not as_json:
        output.print(f"Written: {save}", highlight=False)


def _run_batch(model: edge.Model, source: Path, save: Path | None) -> dict[str, Any]:
    """Run an array of inputs, in the model's own units."""
    outputs = model(np.load(source))
    named = outputs if isinstance(outputs, dict) else {model.outputs[0].name: outputs}
    if save:
        with replacing(save) as working:
            np.savez(working, **named)
    return {name: "x".join(map(str, value.shape)) for name, value in named.items()}


def _run_task(
    model: edge.Model, source: Path | None, save: Path | None, options: dict[str, Any]
) -> Any:
    """Ask the model what its task asks, and draw the answer if it shall be saved."""
    from kerascnn import edge

    task = model.metadata.task
    if task not in edge.TASKS:
        raise ValueError(
            "The file names no task, so only a .npy batch can be run. "
            f"Received: task={task!r}, known are {', '.join(edge.TASKS)}"
        )
    head = edge.TASKS[task]
    if bool(head.takes) != (source is not None):
        needs = f"a {head.takes}" if head.takes else "no file but the model's"
        raise ValueError(
            f"A {task} model needs {needs}. Received: {model.path}, {source or 'nothing more'}"
        )
    _check_options(task, head, options)
    result = head(model, *filter(None, (source,)), **options)
    if save:
        with replacing(save) as working:
            picture = source if head.takes == "picture" else None
            edge.draw(picture, result, model.metadata).save(working)
    return head.rows(result, model.metadata)


def _check_options(task: str, head: edge.Head, options: Iterable[str]) -> None:
    """Refuse options that the task has no use for, and the lack of one that it needs."""
    takes = inspect.signature(head.function).parameters
    if foreign := [_flag(name) for name in options if name not in takes]:
        raise ValueError(f"A {task} model has no use for these. Received: {', '.join(foreign)}")
    for name, taken in takes.items():
        required = taken.kind is taken.KEYWORD_ONLY and taken.default is taken.empty
        if required and name not in options:
            raise ValueError(f"A {task} model needs {_flag(name)}. Received: none")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
