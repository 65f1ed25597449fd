"""How far one array of numbers is from another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class OutputError:
    """How far one output is from Keras's.

    Args:
        name: Name of the output.
        max_abs: Largest absolute error, in units of the output.
        mean_abs: Mean absolute error, in units of the output.
        sqnr_db: Ratio of the signal to the error in dB; infinite when they are equal.
        argmax_agreement: Share of the places where the largest entry of the last axis is the same,
            0 to 1; None where the last axis has a single entry.
        finite: Whether every value is finite where Keras's is.
    """

    name: str
    max_abs: float
    mean_abs: float
    sqnr_db: float
    argmax_agreement: float | None
    finite: bool


def measure(name: str, expected: npt.NDArray[Any], given: npt.NDArray[Any]) -> OutputError:
    """Measure the error of an output; places where Keras isn't finite itself don't count."""
    expected, given = expected.astype("float64"), given.astype("float64")
    usable = np.isfinite(expected)
    finite = bool(np.isfinite(given[usable]).all())
    usable &= np.isfinite(given)
    difference = (given - expected)[usable]
    noise, signal = float(np.sum(difference**2)), float(np.sum(expected[usable] ** 2))
    agreement = None
    if expected.ndim > 1 and expected.shape[-1] > 1:
        agreement = float(np.mean(expected.argmax(-1) == given.argmax(-1)))
    return OutputError(
        name=name,
        max_abs=float(np.abs(difference).max(initial=0.0)),
        mean_abs=float(np.abs(difference).mean()) if difference.size else 0.0,
        sqnr_db=decibels(signal, noise),
        argmax_agreement=agreement,
        finite=finite,
    )


def decibels(signal: float, noise: float) -> float:
    """Give the ratio of two sums of squares in dB; infinite without noise."""
    if noise == 0.0:
        return math.inf
    return 10.0 * math.log10(signal / noise) if signal else -math.inf
