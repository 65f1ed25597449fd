"""Calibration on a folder of pictures."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kerascnn.edge import Metadata, TensorSpec
from kerascnn.edge.tasks.picture import prepare

from ..model import Ports

_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


def read_pictures(
    folder: str | PathLike[str], taken: Ports, metadata: Metadata | None, *, limit: int
) -> npt.NDArray[Any]:
    """Read the pictures in a folder, and in those inside, as the model takes them.

    Args:
        folder: The folder. Of more pictures than the limit, evenly spread ones are taken.
        taken: The inputs of the model: one, for pictures.
        metadata: How pixels become inputs: mean, std and the order of colours.
        limit: Most pictures to read.

    Returns:
        Inputs of shape (n, H, W, C), stretched to the size that the model takes.

    Raises:
        ValueError: If there are no pictures, the model takes none, or nothing says how.
        ImportError: If Pillow isn't installed.
    """
    (port, *others) = taken.inputs
    if others or len(port.shape) != 4 or port.shape[-1] not in (1, 3):
        raise ValueError(
            "Only a model of one input of shape (batch, H, W, 1 or 3) takes a folder of pictures: "
            f"pass arrays. Received: inputs {[(p.name, p.shape) for p in taken.inputs]}"
        )
    if metadata is None:
        raise ValueError(
            "A folder of pictures needs metadata=Metadata(mean=..., std=...), which says how the "
            f"pixels, 0 to 255, become inputs. Received: calibration={folder}, metadata=None"
        )
    files = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in _SUFFIXES)
    if not files:
        raise ValueError(
            f"calibration must be a folder with pictures ({', '.join(sorted(_SUFFIXES))}). "
            f"Received: {folder}"
        )
    spread = np.linspace(0, len(files) - 1, min(limit, len(files))).astype(int)
    spec = TensorSpec(port.name, (1, *(size or 1 for size in port.shape[1:])), np.dtype("float32"))
    return np.concatenate([prepare(files[at], spec, metadata) for at in spread])
