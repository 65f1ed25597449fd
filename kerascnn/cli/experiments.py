"""The experiment that proves a system: train it, export it, score every form."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerascnn import export, registry
from kerascnn.cli.conditions import failures
from kerascnn.cli.deployment import deploy
from kerascnn.cli.runs import Run
from kerascnn.cli.training import train_run
from kerascnn.training import parts


@dataclass(frozen=True)
class Result:
    """What an experiment measured.

    Args:
        system: Name of the system.
        model: The options of its builder that differ from the paper's configuration, as text.
        task: Its task.
        data: The data set and its options, as text.
        metric: The task's headline metric.
        conditions: What the system must reach.
        scores: Every metric by form: `"keras"`, `"float32"`, `"int8"`, `"qat"`.
        sizes: Bytes of the files by form.
        edge_tpu: What an Edge TPU would run of the integer files: operators `mapped` and in
            `total`, and, of a single file, the share of the multiply-accumulates.
        agreement: Share of the answers that the file has in common with the model that trained with
            its rounding; None where there are no answers to choose from.
        failed: The conditions that did not hold, each with its form; none when it passed.
        seconds: Duration of the experiment, training included.
    """

    system: str
    model: str
    task: str
    data: str
    metric: str
    conditions: tuple[str, ...]
    scores: dict[str, dict[str, float]]
    sizes: dict[str, int]
    edge_tpu: dict[str, dict[str, float | None]]
    agreement: float | None
    failed: tuple[str, ...]
    seconds: float


def experiment_run(name: str, folder: Path) -> Run:
    """Give the training run of a system's experiment.

    Args:
        name: Name of the system.
        folder: The run folder.

    Raises:
        ValueError: If the system has no experiment.
    """
    system = registry.get_system(name)
    experiment = system.experiment
    if experiment is None:
        raise ValueError(f"The system has no experiment. Received: {name}")
    return Run(
        folder=folder,
        system=name,
        task=system.task,
        data=experiment.data,
        data_options=experiment.data_options,
        model_options=experiment.model_options,
        epochs=experiment.epochs,
        batch_size=experiment.batch_size,
        learning_rate=experiment.learning_rate,
    )


def run_experiment(name: str, folder: Path) -> Result:
    """Train a system as its experiment says, export it and score every form.

    Args:
        name: Name of the system.
        folder: The run folder.

    Returns:
        What was measured, passed or not.
    """
    start = time.monotonic()
    run = experiment_run(name, folder)
    system = registry.get_system(name)
    conditions = system.experiment.passes if system.experiment else ()
    lost = system.experiment.lost if system.experiment else {}
    scores = {"keras": train_run(run)}
    forms = [form for form in ("float32", "int8", "qat") if form not in system.unsupported]
    deployed = deploy(run, forms)
    scores |= {one.quantize: one.scores for one in deployed}
    aware = [one.reports for one in deployed if one.quantize == "qat" and run.purpose.chooses]
    agreement = _agreement(aware[0].values()) if aware else None
    options = _text(run.data_options)
    return Result(
        system=name,
        model=_text({**run.model_options, "parameters": _parameters(run)}),
        task=run.task,
        data=f"{run.data} ({options})" if options else run.data,
        metric=run.purpose.metric,
        conditions=(*conditions, *(f"{form} loses <= {most}" for form, most in lost.items())),
        scores=scores,
        sizes={one.quantize: _total(one.reports.values(), "size") for one in deployed},
        edge_tpu={
            one.quantize: _placed(report["path"] for report in one.reports.values())
            for one in deployed
            if one.quantize != "float32"
        },
        agreement=agreement,
        failed=failures(scores, conditions, run.purpose.metric, agreement, lost),
        seconds=round(time.monotonic() - start, 1),
    )


def _placed(paths: Iterable[str]) -> dict[str, float | None]:
    reports = [export.coral.check(path) for path in paths]
    return {
        "mapped": sum(report.mapped for report in reports),
        "total": sum(report.total for report in reports),
        "macs_share": reports[0].macs_share if len(reports) == 1 else None,
    }


def _agreement(reports: Iterable[Mapping[str, Any]]) -> float | None:
    outputs = [output for report in reports for output in report["parity"]["outputs"]]
    shares = [output["argmax_agreement"] for output in outputs]
    return min((share for share in shares if share is not None), default=None)


def _total(reports: Iterable[Mapping[str, Any]], key: str) -> int:
    return sum(int(report[key]) for report in reports)


def _text(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in options.items())


def _parameters(run: Run) -> int:
    return sum(int(part.count_params()) for part in parts(run.model()).values())
