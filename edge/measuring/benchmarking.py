"""How fast a model runs here."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..runtime.model import Model
from .board import ROOT, describe_machine, read_board
from .calls import measure_calls, milliseconds, random_inputs
from .emulation import emulator


@dataclass(frozen=True)
class Benchmark:
    """The time that one call takes, and what the machine was like.

    Args:
        median_ms: Half of the calls took no longer, in milliseconds.
        p90_ms: Nine of ten calls took no longer, in milliseconds.
        mean_ms: Mean of all calls, in milliseconds.
        runs: Number of calls that were timed.
        warmup: Number of calls before, which weren't.
        threads: Threads of the runtime.
        runtime: Name and version of the runtime.
        machine: Board or processor, and how many cores the process may use.
        governor: Who chooses the clock rate; empty when not known.
        temperature_before: Of the processor, in degrees Celsius; None when not known.
        temperature_after: The same behind the last call.
        throttled: What slows a Raspberry Pi or did since its start; None when not known.
    """

    median_ms: float
    p90_ms: float
    mean_ms: float
    runs: int
    warmup: int
    threads: int
    runtime: str
    machine: str
    governor: str
    temperature_before: float | None
    temperature_after: float | None
    throttled: tuple[str, ...] | None

    def to_json(self) -> str:
        """Give the numbers as JSON text."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False)


def benchmark(model: Model, *, runs: int = 50, warmup: int = 5, root: Path = ROOT) -> Benchmark:
    """Time calls of a model with one batch of random numbers, as large as the file takes.

    Args:
        model: The model.
        runs: Number of calls to time, at least 1.
        warmup: Number of calls before, which aren't timed.
        root: Where the file system begins that tells of the machine.

    Returns:
        The times: of the model with the copies in and out, without reading any picture.

    Raises:
        RuntimeError: If the processor is emulated.
        ValueError: If `runs` is below 1 or `warmup` below 0.
    """
    check_clock(root)
    inputs = random_inputs(model)
    before = read_board(root)
    times = measure_calls(lambda: model(inputs), milliseconds, runs=runs, warmup=warmup)
    after = read_board(root)
    return Benchmark(
        median_ms=float(np.median(times)),
        p90_ms=float(np.quantile(times, 0.9)),
        mean_ms=float(times.mean()),
        runs=runs,
        warmup=warmup,
        threads=model.threads,
        runtime=model.runtime,
        machine=describe_machine(root),
        governor=after.governor,
        temperature_before=before.temperature,
        temperature_after=after.temperature,
        throttled=after.throttled,
    )


def check_clock(root: Path = ROOT) -> None:
    """Refuse to time an emulated processor.

    Raises:
        RuntimeError: If the processor is emulated.
    """
    if found := emulator(root):
        raise RuntimeError(
            "Times of an emulated processor say nothing of a real one: count its instructions "
            f"(count_instructions), or measure on the device. Received: {found}"
        )
