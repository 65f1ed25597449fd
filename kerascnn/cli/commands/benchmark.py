"""`kerascnn benchmark`: the latency of exported models on this machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from kerascnn.cli.console import show_json, show_table


def benchmark(
    paths: list[Path] = typer.Argument(..., help="One or more .tflite files."),
    runs: int = typer.Option(50, min=1, help="Timed inferences."),
    warmup: int = typer.Option(5, min=0, help="Inferences before the clock starts."),
    threads: int | None = typer.Option(None, min=1, help="Threads of the runtime."),
    device: str = typer.Option(
        "auto", help="auto, cpu, coral or gpu; gpu,cpu is the CPU where the GPU can't be used."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Time one inference of each model, batch 1.

    Example:

        kerascnn benchmark runs/lenet5/*.tflite
    """
    from kerascnn import edge

    measured = {}
    for path in paths:
        model = edge.load(path, device=device.split(","), threads=threads)
        measured[str(path)] = asdict(edge.benchmark(model, runs=runs, warmup=warmup))
    if as_json:
        show_json(measured)
        return
    columns = ("median_ms", "p90_ms", "runs", "threads", "runtime")
    rows = ([path, *(values[key] for key in columns)] for path, values in measured.items())
    show_table("Latency of one inference", ("file", *columns), rows)
