"""From a trained run to int8 without TensorFlow: export, verify, report."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from kerascnn import data, edge, export
from kerascnn.cli.isolation import benchmark_isolated, predict_isolated
from kerascnn.cli.runs import Run
from kerascnn.cli.training import score_predictions, train_aware
from kerascnn.training import parts

WARM_UP = 8  # examples
CALIBRATION = 200  # examples; more did not change the ranges of the bundled data sets


@dataclass(frozen=True)
class Deployed:
    """The exported files of a run in one form, verified where TensorFlow is not importable.

    Args:
        quantize: A form that `export_part` knows.
        reports: The export report of each part, as JSON values.
        scores: The task's score of the files on the test split.
        latency: The benchmark of one inference of each part, as JSON values.
    """

    quantize: str
    reports: dict[str, dict[str, Any]]
    scores: dict[str, float]
    latency: dict[str, dict[str, Any]]


def export_part(
    run: Run,
    quantize: str,
    *,
    part: str = "model",
    path: Path | None = None,
    input_output: str = "float32",
    calibration: np.ndarray | Path | None = None,
    epochs: int = 3,
    observer: str = "mse",
    **options: Any,
) -> export.Report:
    """Export a part of the trained model of a run; labels and pre-processing go into the file.

    Parity is measured on the test split.

    Args:
        run: The run.
        quantize: A form that `export.to_tflite` knows, or `"qat"`: int8, after training on the
            data of the run with its rounding.
        part: Name of the part, as `kerascnn.training.parts` gives it.
        path: The file; `<part>_<quantize>.tflite` in the run folder when None.
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
        calibration = task.feeds(model, data.arrays(run.dataset.train, CALIBRATION))[part]
    return export.to_tflite(
        train_aware(run, epochs, part) if qat else parts(model)[part],
        path or run.folder / f"{part}_{quantize}.tflite",
        quantize="int8" if qat else quantize,
        input_output=input_output,
        calibration=calibration,
        observer=observer,
        metadata=edge.Metadata(**task.metadata(run.dataset, part)),
        parity=task.feeds(model, data.arrays(run.dataset.test, CALIBRATION))[part],
        **options,
    )


def serving_options(run: Run, part: str | None) -> dict[str, Any]:
    """Give what `export.to_saved_model` is told of a part of a run beside the model.

    Without tensorflow-serving-api there are no samples to warm a server up.
    """
    model, task = run.model(), run.purpose
    names = list(parts(model))
    name = names[0] if part is None and len(names) == 1 else part
    if name not in names:
        return {}
    options = {"metadata": edge.Metadata(**task.metadata(run.dataset, name))}
    if importlib.util.find_spec("tensorflow_serving"):
        options["samples"] = task.feeds(model, data.arrays(run.dataset.test, WARM_UP))[name]
    return options


def score_files(
    run: Run, paths: Mapping[str, Path], picture: Path | None = None
) -> dict[str, float]:
    """Score .tflite files on the test split of a run, in processes without TensorFlow.

    Args:
        run: The run that the files come from.
        paths: The file of each part.
        picture: Where to draw their predictions; nowhere when None.
    """
    runs = {part: partial(predict_isolated, path) for part, path in paths.items()}
    return score_predictions(run, run.model(), runs, picture)


def deploy(run: Run, quantizations: Iterable[str] = ("float32", "int8")) -> list[Deployed]:
    """Export a run in each form and verify the files where TensorFlow cannot be imported."""
    names = list(parts(run.model()))
    deployed = []
    for quantize in quantizations:
        reports = {part: export_part(run, quantize, part=part) for part in names}
        paths = {part: Path(report.path) for part, report in reports.items()}
        picture = run.folder / f"predictions_{quantize}.png"
        deployed.append(
            Deployed(
                quantize=quantize,
                reports={part: report.to_dict() for part, report in reports.items()},
                scores=score_files(run, paths, picture),
                latency={part: benchmark_isolated(path) for part, path in paths.items()},
            )
        )
    return deployed
