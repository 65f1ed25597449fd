"""From a trained run to int8 without TensorFlow: export, verify, report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from kerascnn import data, edge, export
from kerascnn.cli.isolation import benchmark_isolated, predict_isolated
from kerascnn.cli.runs import Run
from kerascnn.cli.training import score_predictions, train_aware

CALIBRATION = 200  # examples; more did not change the ranges of the bundled data sets


@dataclass(frozen=True)
class Deployed:
    """One exported file of a run, verified where TensorFlow is not importable.

    Args:
        quantize: A form that `export_run` knows.
        report: The export report, as JSON values.
        scores: The task's score of the file on the test split.
        latency: The benchmark of one inference, as JSON values.
    """

    quantize: str
    report: dict[str, Any]
    scores: dict[str, float]
    latency: dict[str, Any]


def export_run(
    run: Run,
    quantize: str,
    *,
    path: Path | None = None,
    input_output: str = "float32",
    calibration: np.ndarray | Path | None = None,
    epochs: int = 3,
    observer: str = "mse",
    **options: Any,
) -> export.Report:
    """Export the trained model of a run; labels and pre-processing go into the file.

    Parity is measured on the test split.

    Args:
        run: The run.
        quantize: A form that `export.to_tflite` knows, or `"qat"`: int8, after training on the
            data of the run with its rounding.
        path: The file; `model_<quantize>.tflite` in the run folder when None.
        input_output: Types at the border: `"float32"`, or `"int8"` or `"uint8"` in an int8 file.
        calibration: Inputs to measure the ranges of an integer file on, or a folder of pictures;
            examples of the training split when None.
        epochs: Passes over the training split with rounding.
        observer: How the ranges of an int8 file come from the calibration.
        **options: Further arguments of `export.to_tflite`, such as `target`.
    """
    model = run.model()
    task = run.purpose
    qat = quantize == "qat"
    if not qat and calibration is None and quantize in ("int8", "int16"):
        calibration = task.inputs(model, data.arrays(run.dataset.train, CALIBRATION))
    return export.to_tflite(
        train_aware(run, epochs) if qat else model,
        path or run.folder / f"model_{quantize}.tflite",
        quantize="int8" if qat else quantize,
        input_output=input_output,
        calibration=calibration,
        observer=observer,
        metadata=edge.Metadata(**task.metadata(run.dataset)),
        parity=task.inputs(model, data.arrays(run.dataset.test, CALIBRATION)),
        **options,
    )


def score_file(run: Run, path: Path, picture: Path | None = None) -> dict[str, float]:
    """Score a .tflite file on the test split of a run, in a process without TensorFlow.

    Args:
        run: The run that the file comes from.
        path: The file.
        picture: Where to draw its predictions; nowhere when None.
    """
    return score_predictions(run, run.model(), partial(predict_isolated, path), picture)


def deploy(run: Run, quantizations: Iterable[str] = ("float32", "int8")) -> list[Deployed]:
    """Export a run in each form and verify each file where TensorFlow cannot be imported."""
    deployed = []
    for quantize in quantizations:
        report = export_run(run, quantize)
        picture = run.folder / f"predictions_{quantize}.png"
        deployed.append(
            Deployed(
                quantize=quantize,
                report=report.to_dict(),
                scores=score_file(run, Path(report.path), picture),
                latency=benchmark_isolated(Path(report.path)),
            )
        )
    return deployed
