"""`kerascnn run`: an exported model on a picture, a batch of arrays, or noise."""

from __future__ import annotations

from dataclasses import asdict
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
        None, help="A picture, or a .npy batch of inputs; none for a generator."
    ),
    save: Path | None = typer.Option(
        None, help="Where to: a picture of the result, or a .npz of the outputs of a batch."
    ),
    top_k: int = typer.Option(5, min=1, help="Classes shown."),
    count: int = typer.Option(16, min=1, help="Pictures that a generator makes."),
    seed: int = typer.Option(0, help="Seed of a generator's noise."),
    device: str = typer.Option(
        "auto", help="auto, cpu, coral or gpu; gpu,cpu is the CPU where the GPU can't be used."
    ),
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

    model = edge.load(path, device=device.split(","), threads=threads)
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
    if source is None and task != "generation":
        raise ValueError(f"A {task} model needs a picture. Received: {model.path} alone")
    images = () if task == "generation" else (source,)
    result = edge.TASKS[task](model, *images, **options)
    if save:
        with replacing(save) as working:
            edge.draw(source, result).save(working)
    if isinstance(result, list):
        return [asdict(one) for one in result]
    if task == "segmentation":
        index, pixels = np.unique(result, return_counts=True)
        labels = model.metadata.labels or tuple(map(str, range(index.max() + 1)))
        return {labels[i]: count / result.size for i, count in zip(index, pixels, strict=True)}
    if task == "embedding":
        return {"embedding": result.tolist()}
    return {"pictures": "x".join(map(str, result.shape))}
