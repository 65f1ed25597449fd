"""`kerascnn demo`: the whole road with LeNet-5 on real handwritten digits."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kerascnn.edge.cli.console import errors, output, show_json, show_table

if TYPE_CHECKING:
    from kerascnn.cli.deployment import Deployed
    from kerascnn.cli.runs import Run


def demo(
    folder: Path | None = typer.Option(None, "--run", help="The run folder, new by default."),
    epochs: int = typer.Option(20, min=1, help="Passes over the training split."),
    as_json: bool = typer.Option(False, "--json", help="Print the report as JSON."),
) -> None:
    """Train LeNet-5 on digits, quantize it to int8 and run it without TensorFlow.

    The digits ship with scikit-learn; nothing is downloaded. The run folder holds the model, the
    exported files, a report, the training curves and pictures of predictions. Exit code 1 says
    that the accuracy or the size missed its mark.

    Example:

        kerascnn demo
    """
    from kerascnn.cli.deployment import deploy
    from kerascnn.cli.runs import Run, new_folder
    from kerascnn.cli.training import train_run

    run = Run(
        folder=folder or new_folder(Path("runs"), "demo"),
        system="lenet5",
        task="classification",
        data="digits",
        data_options={"size": 32},
        epochs=epochs,
        batch_size=32,
    )
    errors.print("Training LeNet-5 on the scikit-learn digits ...")
    scores = train_run(run)
    errors.print("Exporting, and running the files where TensorFlow cannot be imported ...")
    float32, int8 = deploy(run, ("float32", "int8"))
    values = write_report(run, scores, (float32, int8))
    if as_json:
        show_json(values)
    else:
        show_deployed(run, scores, (float32, int8))
        output.print(f"Run folder: {run.folder}", highlight=False)
        output.print(f"Predictions of the int8 model: {run.folder / 'predictions_int8.png'}")
    loss = scores["accuracy"] - int8.scores["accuracy"]
    size = int8.reports["model"]["size"] / float32.reports["model"]["size"]
    if scores["accuracy"] < 0.97 or loss > 0.005 or size > 0.3:
        raise RuntimeError(
            "The demo asks for an accuracy of 0.97, an int8 loss of 0.005 and an int8 file of 0.3 "
            f"of the float32 file. Received: {scores['accuracy']:.4f}, {loss:.4f}, {size:.3f}"
        )


def write_report(
    run: Run, scores: dict[str, float], deployed: Iterable[Deployed]
) -> dict[str, Any]:
    """Write what was measured as `report.json` into the run folder.

    Args:
        run: The run.
        scores: Score of the Keras model.
        deployed: The exported files.

    Returns:
        What was written.
    """
    values = {
        "system": run.system,
        "data": {"name": run.dataset.name, "source": run.dataset.source},
        "keras": scores,
        "files": [dataclasses.asdict(one) for one in deployed],
    }
    text = json.dumps(values, indent=2, default=str)
    (run.folder / "report.json").write_text(text + "\n")
    return values


def show_deployed(run: Run, scores: dict[str, float], deployed: Iterable[Deployed]) -> None:
    """Print a table: the score in each form, file size, latency, operators and their types."""
    metric = run.purpose.metric
    columns = ("model", metric, "bytes", "ms an image", "operators")
    rows: list[tuple[Any, ...]] = [("Keras", scores[metric], None, None, None)]
    for one in deployed:
        report, latency = one.reports["model"], one.latency["model"]
        operators = report["operators"]
        listed = ", ".join(f"{op['count']} {op['name']} {op['dtype']}" for op in operators)
        rows.append(
            (
                f"TFLite {one.quantize}",
                one.scores[metric],
                report["size"],
                latency["median_ms"],
                listed,
            )
        )
    show_table(f"{run.system} on the test split of {run.data}", columns, rows)
