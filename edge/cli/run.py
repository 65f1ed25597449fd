"""`run`: an exported model on pictures, a camera, a recording, a batch of arrays, or noise."""

from __future__ import annotations

from pathlib import Path

import typer

from ..runtime.loading import load
from .answering import answer


def run(
    path: Path = typer.Argument(..., help="A .tflite file."),
    source: str | None = typer.Argument(
        None,
        help="A picture, a folder of them, a video, camera or the number of one; a .wav file; a "
        "text to translate; a .npy batch of inputs, or a .npz of one for each; none for a "
        "generator.",
    ),
    source_option: str | None = typer.Option(None, "--source", help="The same, by name."),
    save: Path | None = typer.Option(
        None,
        help="Where to: a picture of the result, a folder for the pictures of many, or a .npz of "
        "the outputs of a batch.",
    ),
    limit: int | None = typer.Option(None, min=1, help="Most pictures of a folder or a film."),
    every: int | None = typer.Option(None, min=1, help="Take the first of so many pictures."),
    top_k: int | None = typer.Option(None, min=1, help="Classes shown, 5 by default."),
    count: int | None = typer.Option(
        None, min=1, help="Pictures that a generator makes, 16 by default."
    ),
    seed: int | None = typer.Option(None, help="Seed of a generator's noise, 0 by default."),
    until: int | None = typer.Option(
        None, help="Another seed, to whose picture those of a generator lead."
    ),
    label: str | None = typer.Option(None, help="Class of what a generator makes."),
    truncation: float | None = typer.Option(
        None, min=0.0, help="Most of a generator's noise: less is less different, but better."
    ),
    score_threshold: float | None = typer.Option(
        None, min=0.0, max=1.0, help="Least score of a detection; the file's own by default."
    ),
    iou_threshold: float | None = typer.Option(
        None, min=0.0, max=1.0, help="Most overlap of detections; the file's own by default."
    ),
    overlap: int | None = typer.Option(
        None, min=0, help="Pixels that neighbouring tiles of a large picture share."
    ),
    decoder: Path | None = typer.Option(
        None, help="The .tflite file that writes captions or translations."
    ),
    regions: Path | None = typer.Option(
        None, help="The .tflite file that looks into regions of a picture."
    ),
    beams: int | None = typer.Option(None, min=1, help="How many texts compete."),
    device: str = typer.Option(
        "auto", help="auto, cpu, coral or gpu; gpu,cpu is the CPU where the GPU can't be used."
    ),
    threads: int | None = typer.Option(None, min=1, help="Threads of the runtime."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON, a line for each of many."),
) -> None:
    """Run an exported model; neither TensorFlow nor Keras is needed.

    Labels and pre-processing come from the file. Ctrl-C ends a camera.

    Examples:

        kerascnn-edge run lenet5_int8.tflite digit.png

        kerascnn-edge run detector_int8.tflite --source camera --every 5 --save seen

        kerascnn-edge run unet_int8.tflite holiday.mp4 --save masked --limit 100

        kerascnn-edge run rdn_int8.tflite photo.jpg --save twice_as_large.png

        kerascnn-edge run dcgan_int8.tflite --count 64 --save samples.png

        kerascnn-edge run biggan_int8.tflite --label 7 --truncation 0.5 --save sevens.png

        kerascnn-edge run dcgan_int8.tflite --seed 1 --until 2 --count 10 --save between.png

        kerascnn-edge run encoder.tflite photo.jpg --decoder decoder.tflite --beams 5

        kerascnn-edge run encoder.tflite photo.jpg --regions regions.tflite --decoder decoder.tflite

        kerascnn-edge run encoder.tflite "three seven" --decoder decoder.tflite

        kerascnn-edge run lenet5_int8.tflite inputs.npy --save outputs.npz
    """
    if source and source_option:
        raise ValueError(f"There is one source. Received: {source}, --source {source_option}")
    options = {
        "top_k": top_k,
        "count": count,
        "seed": seed,
        "until": until,
        "label": label,
        "truncation": truncation,
        "score_threshold": score_threshold,
        "iou_threshold": iou_threshold,
        "overlap": overlap,
        "regions": regions and load(regions, device=device.split(","), threads=threads),
        "decoder": decoder and load(decoder, device=device.split(","), threads=threads),
        "beams": beams,
    }
    answer(
        load(path, device=device.split(","), threads=threads),
        source or source_option,
        {name: value for name, value in options.items() if value is not None},
        {name: value for name, value in (("every", every), ("limit", limit)) if value is not None},
        save,
        as_json,
    )
