"""Calls of a model, measured one by one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ..runtime.model import Model
from ..runtime.tensors import Array, TensorSpec


def measure_calls(
    call: Callable[[], Any], clock: Callable[[], float], *, runs: int, warmup: int
) -> Array:
    """Read a clock before and after calls.

    Returns:
        The difference for each call behind the first `warmup` ones, float64, of shape (runs,).

    Raises:
        ValueError: If `runs` is below 1 or `warmup` below 0.
    """
    if runs < 1 or warmup < 0:
        raise ValueError(
            f"runs must be at least 1, warmup at least 0. Received: runs={runs}, warmup={warmup}"
        )
    for _ in range(warmup):
        call()
    differences = np.empty(runs)
    for run in range(runs):
        start = clock()
        call()
        differences[run] = clock() - start
    return differences


def milliseconds() -> float:
    """Give the time since some moment."""
    return time.perf_counter_ns() / 1e6


def random_inputs(model: Model) -> dict[str, Array]:
    """Make up one batch, as large as the file takes, by the names of the inputs."""
    random = np.random.default_rng(0)
    return {spec.name: random_batch(random, spec) for spec in model.inputs}


def random_batch(random: np.random.Generator, spec: TensorSpec) -> Array:
    """Make up what a tensor may hold; zeros for integers whose range isn't known."""
    if spec.dtype.kind in "iu" and spec.scale:
        limits = np.iinfo(spec.dtype)
        return random.integers(limits.min, limits.max, spec.shape, spec.dtype, endpoint=True)
    if spec.dtype.kind == "f":
        return random.random(spec.shape).astype(spec.dtype)
    return np.zeros(spec.shape, spec.dtype)
