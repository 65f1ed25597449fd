"""How fast a model runs here."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..runtime.model import Model
from ..runtime.tensors import Array, TensorSpec


@dataclass(frozen=True)
class Benchmark:
    """The time that one call takes.

    Args:
        median_ms: Half of the calls took no longer, in milliseconds.
        p90_ms: Nine of ten calls took no longer, in milliseconds.
        mean_ms: Mean of all calls, in milliseconds.
        runs: Number of calls that were timed.
        threads: Threads of the runtime.
        runtime: Name and version of the runtime.
        machine: Board or processor, and how many cores the process may use.
    """

    median_ms: float
    p90_ms: float
    mean_ms: float
    runs: int
    threads: int
    runtime: str
    machine: str

    def to_json(self) -> str:
        """Give the numbers as JSON text."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False)


def benchmark(model: Model, *, runs: int = 50, warmup: int = 5) -> Benchmark:
    """Time calls of a model with one batch of random numbers, as large as the file takes.

    Args:
        model: The model.
        runs: Number of calls to time, at least 1.
        warmup: Number of calls before, which aren't timed.

    Returns:
        The times: of the model with the copies in and out, without reading any picture.

    Raises:
        ValueError: If `runs` is below 1 or `warmup` below 0.
    """
    if runs < 1 or warmup < 0:
        raise ValueError(
            f"runs must be at least 1, warmup at least 0. Received: runs={runs}, warmup={warmup}"
        )
    random = np.random.default_rng(0)
    inputs = {spec.name: _batch(random, spec) for spec in model.inputs}
    for _ in range(warmup):
        model(inputs)
    times = np.empty(runs)
    for run in range(runs):
        start = time.perf_counter_ns()
        model(inputs)
        times[run] = (time.perf_counter_ns() - start) / 1e6
    return Benchmark(
        median_ms=float(np.median(times)),
        p90_ms=float(np.quantile(times, 0.9)),
        mean_ms=float(times.mean()),
        runs=runs,
        threads=model.threads,
        runtime=model.runtime,
        machine=_machine(),
    )


def _batch(random: np.random.Generator, spec: TensorSpec) -> Array:
    """Make up what a tensor may hold; zeros for integers whose range isn't known."""
    if spec.dtype.kind in "iu" and spec.scale:
        limits = np.iinfo(spec.dtype)
        return random.integers(limits.min, limits.max, spec.shape, spec.dtype, endpoint=True)
    if spec.dtype.kind == "f":
        return random.random(spec.shape).astype(spec.dtype)
    return np.zeros(spec.shape, spec.dtype)


def _machine() -> str:
    """Name the board, as single-board computers do in their device tree, or else the processor."""
    name = platform.processor() or platform.machine()
    board, processor = Path("/proc/device-tree/model"), Path("/proc/cpuinfo")
    if board.exists():
        name = board.read_text(errors="replace").strip("\0\n ")
    elif processor.exists():
        for line in processor.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return f"{name}, {platform.machine()}, {cores} cores"
