"""`kerascnn demo`: the whole road with LeNet-5 on real handwritten digits."""

from __future__ import annotations

from pathlib import Path

import typer

from kerascnn.cli.console import errors, output, show_json


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
    from kerascnn.cli.deployment import deploy, show_deployed, write_report
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
    size = int8.report["size"] / float32.report["size"]
    if scores["accuracy"] < 0.97 or loss > 0.005 or size > 0.3:
        raise RuntimeError(
            "The demo asks for an accuracy of 0.97, an int8 loss of 0.005 and an int8 file of 0.3 "
            f"of the float32 file. Received: {scores['accuracy']:.4f}, {loss:.4f}, {size:.3f}"
        )
