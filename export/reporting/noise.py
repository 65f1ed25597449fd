"""How far the results of one layer are from float, gathered over samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..difference import decibels
from .tensors import Array

_BULK = (0.05, 99.95)  # percentiles


class Noise:
    """Adds up the signal and the error of a layer.

    Args:
        limits: The range of the tensor in the file; None where it is not quantized.
    """

    def __init__(self, limits: tuple[float, float] | None) -> None:
        self._limits = limits
        self._signal = self._noise = 0.0
        self._values = self._outside = 0
        self._bulk = (np.inf, -np.inf)
        self._channels: Any = 0.0
        self.comparable = True

    def add(self, expected: Array, given: Array) -> None:
        """Add one batch; a result of another size than expected is not compared."""
        if expected.size != given.size or not expected.size:
            self.comparable = False
            return
        given = given.reshape(expected.shape)
        self._signal += float(np.sum(np.square(expected, dtype="float64")))
        self._noise += float(np.sum(np.square(given - expected, dtype="float64")))
        self._values += expected.size
        if self._limits:
            low, high = self._limits
            slack = (high - low) / 255
            self._outside += int(np.sum((expected < low - slack) | (expected > high + slack)))
        ends = np.percentile(expected, _BULK)
        self._bulk = min(self._bulk[0], ends[0]), max(self._bulk[1], ends[1])
        widths = np.abs(expected).max(tuple(range(expected.ndim - 1)))
        self._channels = np.maximum(self._channels, widths)

    @property
    def sqnr_db(self) -> float:
        """Ratio of the signal to the error in dB."""
        return decibels(self._signal, self._noise)

    @property
    def clipped(self) -> float:
        """Share of the values outside the range of the file."""
        return self._outside / max(self._values, 1)

    @property
    def crowded(self) -> float:
        """Share of the range in which nearly all values lie; 1 where there is no range."""
        if not self._limits:
            return 1.0
        width = self._limits[1] - self._limits[0]
        used = max(self._bulk[1], 0.0) - min(self._bulk[0], 0.0)
        return float(min(used / width, 1.0))

    @property
    def disparity(self) -> float:
        """Size of the middle channel as a share of the widest one."""
        widest = float(np.max(self._channels))
        return float(np.median(self._channels)) / widest if widest else 1.0
