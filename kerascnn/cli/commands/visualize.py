"""`kerascnn visualize`: what the maps of a trained encoder respond to."""

from __future__ import annotations

from pathlib import Path

import typer

from kerascnn.edge.cli.console import output
from kerascnn.edge.cli.files import replacing


def visualize(
    run: Path = typer.Argument(..., help="A run folder."),
    layer: str = typer.Option("stage2", help="A stage of the encoder, or a layer that gives maps."),
    maps: list[int] = typer.Option(
        None, "--map", help="Index of a map, repeatable; those that differ most if none."
    ),
    images: int = typer.Option(500, min=9, help="Images of the test split to search."),
    save: Path | None = typer.Option(None, help="Where the picture goes; into the run if nowhere."),
) -> None:
    """Draw the pixels that made the maps of a layer respond, by a deconvnet.

    Examples:

        kerascnn visualize runs/vgg --layer stage3

        kerascnn visualize runs/vgg --layer block2_conv2 --map 3 --map 7 --save maps.png
    """
    from kerascnn.cli.runs import Run
    from kerascnn.data import arrays
    from kerascnn.tasks.feature_maps import draw_feature_maps

    opened = Run.open(run)
    model = opened.model()
    examples = arrays(opened.dataset.test.take(images))
    picture = draw_feature_maps(
        model,
        examples["image"],
        layer,
        maps=maps or 9,
        inputs=opened.purpose.inputs(model, examples),
    )
    path = save or run / f"{layer}.png"
    with replacing(path) as working:
        picture.save(working, format="png")
    output.print(f"Written: {path}", highlight=False)
