"""The samples of an export: those that ranges come from, and those that the file is judged on."""

from __future__ import annotations

from os import PathLike
from typing import Any

from kerascnn.edge import Metadata

from ..model import Ports
from .pictures import read_pictures
from .samples import Samples, gather

_CALIBRATION = 256  # samples; more takes longer and hardly moves the ranges
_PARITY = 32  # samples, where the caller gave none for it


def gather_both(
    calibration: Any, parity: Any, taken: Ports, metadata: Metadata | None = None
) -> tuple[Samples, Samples]:
    """Collect calibration samples, and those to compare on: some of the former by default.

    Args:
        calibration: Data as `gather` takes them, or a folder of pictures; none when None.
        parity: Data as `gather` takes them; None for a part of the calibration samples.
        taken: The inputs of the model.
        metadata: How the pixels of a folder become inputs.

    Raises:
        ValueError: If there are no samples in data, or they don't fit.
    """
    samples: Samples = {}
    if isinstance(calibration, str | PathLike):
        calibration = read_pictures(calibration, taken, metadata, limit=_CALIBRATION)
    if calibration is not None:
        samples = gather(calibration, taken, limit=_CALIBRATION, what="calibration")
    if parity is not None:
        return samples, gather(parity, taken, what="parity")
    return samples, {name: array[:_PARITY] for name, array in samples.items()}
