"""`kerascnn evaluate`: the test score of a run and of every file exported from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import typer

from kerascnn.edge.cli.console import show_json, show_table


def evaluate(
    run: Path = typer.Argument(..., help="A run folder."),
    files: list[Path] = typer.Argument(None, help="The .tflite files; all in the folder if none."),
    imagenet: bool = typer.Option(
        False, help="Compare generated images by Inception-v3, too, which Keras downloads."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Score a run on its held-out test split, in Keras and in the runtime without TensorFlow.

    Examples:

        kerascnn evaluate runs/lenet5

        kerascnn evaluate runs/lenet5 elsewhere/lenet5_int8.tflite

        kerascnn evaluate runs/dcgan --imagenet
    """
    from kerascnn.cli.deployment import score_files
    from kerascnn.cli.runs import Run
    from kerascnn.cli.training import score_keras, score_on_imagenet
    from kerascnn.training import parts

    opened = Run.open(run)
    scores = {"keras": score_keras(opened)}
    names = list(parts(opened.model()))
    for paths in _groups(files or sorted(run.glob("*.tflite")), names):
        name = ", ".join(path.name for path in paths.values())
        scores[name] = score_files(opened, paths)
    if imagenet:
        scores["keras"] |= score_on_imagenet(opened)
    if as_json:
        show_json(scores)
        return
    metrics = list(scores["keras"])
    rows = (
        [name, *(score.get(metric, "") for metric in metrics)] for name, score in scores.items()
    )
    show_table(f"{opened.system} on the test split of {opened.data}", ("model", *metrics), rows)


def _groups(files: Iterable[Path], names: Sequence[str]) -> list[dict[str, Path]]:
    """Put the files together that make one model, such as `encoder_int8` and `decoder_int8`."""
    if len(names) == 1:
        return [{names[0]: path} for path in files]
    groups: dict[str, dict[str, Path]] = {}
    for path in files:
        part, _, form = path.stem.partition("_")
        groups.setdefault(form, {})[part] = path
    for group in groups.values():
        if group.keys() != set(names):
            received = ", ".join(path.name for path in group.values())
            raise ValueError(
                f"A model is made of {', '.join(f'{name}_<form>.tflite' for name in names)}. "
                f"Received: {received}"
            )
    return [{name: group[name] for name in names} for group in groups.values()]
