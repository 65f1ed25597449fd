"""`kerascnn evaluate`: the test score of a run and of every file exported from it."""

from __future__ import annotations

from pathlib import Path

import typer

from kerascnn.edge.cli.console import show_json, show_table


def evaluate(
    run: Path = typer.Argument(..., help="A run folder."),
    files: list[Path] = typer.Argument(None, help="The .tflite files; all in the folder if none."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Score a run on its held-out test split, in Keras and in the runtime without TensorFlow.

    Examples:

        kerascnn evaluate runs/lenet5

        kerascnn evaluate runs/lenet5 elsewhere/lenet5_int8.tflite
    """
    from kerascnn.cli.deployment import score_file
    from kerascnn.cli.runs import Run
    from kerascnn.cli.training import score_keras

    opened = Run.open(run)
    scores = {"keras": score_keras(opened)}
    for path in files or sorted(run.glob("*.tflite")):
        scores[path.name] = score_file(opened, path)
    if as_json:
        show_json(scores)
        return
    metrics = list(scores["keras"])
    rows = ([name, *(score[metric] for metric in metrics)] for name, score in scores.items())
    show_table(f"{opened.system} on the test split of {opened.data}", ("model", *metrics), rows)
