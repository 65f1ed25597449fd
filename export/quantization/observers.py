"""Which range a tensor gets, from how its values are spread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

BINS = 2048
_STEPS = 255  # between the 256 values of int8
_SHARE = 0.9999  # of the values that stay within the range of the percentile
_FACTORS = np.linspace(0.05, 1.0, 96)  # of the extremes, tried by the least squared error


@dataclass(frozen=True)
class Histogram:
    """How often a tensor had each value.

    Args:
        counts: Number of values in each bin.
        edges: Borders of the bins, one more than bins, rising.
    """

    counts: npt.NDArray[np.int64]
    edges: npt.NDArray[np.float64]

    @property
    def extremes(self) -> tuple[float, float]:
        """The smallest and the largest value, widened to hold 0."""
        return min(float(self.edges[0]), 0.0), max(float(self.edges[-1]), 0.0)


Observer = Callable[[Histogram], tuple[float, float]]


def min_max(values: Histogram) -> tuple[float, float]:
    """Take all that was seen: nothing is cut off, and outliers make the steps coarse."""
    return values.extremes


def percentile(values: Histogram) -> tuple[float, float]:
    """Cut off the outermost values, 1 in 10,000 on both sides together."""
    low, high = values.extremes
    below = np.cumsum(values.counts) / max(int(values.counts.sum()), 1)
    cut = (1.0 - _SHARE) / 2.0
    first, last = np.searchsorted(below, [cut, 1.0 - cut])
    return max(low, min(float(values.edges[first]), 0.0)), min(
        high, max(float(values.edges[min(last + 1, len(values.counts))]), 0.0)
    )


def mean_squared_error(values: Histogram) -> tuple[float, float]:
    """Take the range whose rounding and cutting off together have the least squared error.

    Reference:
        https://arxiv.org/abs/1805.06085
    """
    low, high = values.extremes
    centres = (values.edges[:-1] + values.edges[1:]) / 2.0
    for _ in range(2):  # the best end of one side depends on the other
        high = min(_FACTORS * values.extremes[1], key=_error(values.counts, centres, low=low))
        low = min(_FACTORS * values.extremes[0], key=_error(values.counts, centres, high=high))
    return float(low), float(high)


OBSERVERS: dict[str, Observer] = {
    "min_max": min_max,
    "percentile": percentile,
    "mse": mean_squared_error,
}


def _error(counts: Any, centres: Any, **fixed: float) -> Callable[[float], float]:
    (given,) = {"low", "high"} - set(fixed)

    def error(end: float) -> float:
        ends = fixed | {given: end}
        step = max((ends["high"] - ends["low"]) / _STEPS, np.finfo(np.float64).tiny)
        zero = round(-ends["low"] / step)
        levels = np.clip(np.round(centres / step) + zero, 0, _STEPS)
        return float(np.sum(counts * ((levels - zero) * step - centres) ** 2))

    return error
