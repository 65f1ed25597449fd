"""`benchmark`: how long exported models and their operators take on this machine."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from ..measuring.benchmarking import benchmark as time_model
from ..measuring.emulation import emulator
from ..measuring.instructions import count_instructions
from ..measuring.operators import profile
from ..runtime.loading import load
from .console import output, show_json, show_table
from .files import replacing

_LATENCY = ("median_ms", "p90_ms", "runs", "threads", "runtime")
_MACHINE = ("machine", "governor", "temperature_before", "temperature_after", "throttled")
_COUNT = ("instructions", "runs", "runtime", "machine")
_OPERATOR = ("index", "name", "shape", "median_ms", "output")


def benchmark(
    paths: list[Path] = typer.Argument(..., help="One or more .tflite files."),
    runs: int = typer.Option(50, min=1, help="Timed or counted inferences."),
    warmup: int = typer.Option(5, min=0, help="Inferences before the first of them."),
    threads: int | None = typer.Option(None, min=1, help="Threads of the runtime."),
    device: str = typer.Option(
        "auto", help="auto, cpu, coral or gpu; gpu,cpu is the CPU where the GPU can't be used."
    ),
    operators: bool = typer.Option(False, "--operators", help="Time each operator alone too."),
    to_csv: Path | None = typer.Option(None, "--csv", help="Write the table to this file."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Time one inference of each model, batch 1; count its instructions on an emulated processor.

    Examples:

        kerascnn-edge benchmark runs/lenet5/*.tflite

        kerascnn-edge benchmark model_int8.tflite --threads 4 --operators --csv operators.csv
    """
    emulated = bool(emulator())
    measure, columns = (count_instructions, _COUNT) if emulated else (time_model, _LATENCY)
    measured: dict[str, dict[str, Any]] = {}
    for path in paths:
        model = load(path, device=device.split(","), threads=threads)
        measured[str(path)] = asdict(measure(model, runs=runs, warmup=warmup))
        if operators:
            found = asdict(profile(path, runs=runs, warmup=warmup, threads=threads))
            measured[str(path)] |= {key: found[key] for key in ("operators", "sum_ms", "whole_ms")}
    if to_csv:
        whole = columns if emulated else (*_LATENCY, *_MACHINE)
        _write(to_csv, measured, _OPERATOR if operators else whole)
    if as_json:
        show_json(measured)
        return
    rows = [[file, *(values[key] for key in columns)] for file, values in measured.items()]
    show_table("One inference", ("file", *columns), rows)
    for file, values in measured.items():
        if not emulated:
            _show_machine(values)
        if operators:
            _show_operators(file, values)
    if to_csv:
        output.print(f"Written: {to_csv}", highlight=False)


def _show_machine(values: Mapping[str, Any]) -> None:
    before, after, throttled = (values[key] for key in _MACHINE[2:])
    heat = "" if None in (before, after) else f"{before:.1f} to {after:.1f} degrees Celsius"
    slowed = "" if throttled is None else ", ".join(throttled) or "not throttled"
    parts = (values["machine"], values["governor"] and f"governor {values['governor']}", heat)
    output.print("; ".join(filter(None, (*parts, slowed))), highlight=False)


def _show_operators(file: str, values: Mapping[str, Any]) -> None:
    rows = [
        [f"{operator['median_ms'] / values['sum_ms']:.1%}", *_cells(operator)]
        for operator in values["operators"]
    ]
    show_table(f"Operators of {file}, each alone", ("share", *_OPERATOR), rows)
    output.print(
        f"sum {values['sum_ms']:.4g} ms, whole model {values['whole_ms']:.4g} ms", highlight=False
    )


def _cells(operator: Mapping[str, Any]) -> list[Any]:
    return [
        "x".join(map(str, operator[key])) if key == "shape" else operator[key] for key in _OPERATOR
    ]


def _write(path: Path, measured: Mapping[str, Mapping[str, Any]], columns: Sequence[str]) -> None:
    rows: list[list[Any]] = []
    for file, values in measured.items():
        if columns is _OPERATOR:
            rows += [[file, *_cells(operator)] for operator in values["operators"]]
        else:
            slowed = {"throttled": ", ".join(values.get("throttled") or ())}
            rows.append([file, *({**values, **slowed}[key] for key in columns)])
    with replacing(path) as working, working.open("w", newline="") as file_:
        csv.writer(file_).writerows([("file", *columns), *rows])
