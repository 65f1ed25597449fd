"""The numbers of every epoch, in a file that is whole at any moment."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np


class History(keras.callbacks.Callback):
    """Write losses and metrics as CSV after each epoch, one row an epoch.

    Unlike `keras.callbacks.CSVLogger` it leaves no file open when training is interrupted, and a
    resumed epoch replaces its own row and those after it.

    Args:
        path: The file; rows that it holds are kept.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.rows = _read_rows(path)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write the file anew, so that it is never half a row."""
        row = {"epoch": str(epoch + 1), **{k: repr(float(v)) for k, v in (logs or {}).items()}}
        self.rows = [*self.rows[:epoch], row]
        fields = list(dict.fromkeys(key for row in self.rows for key in row))
        partial = self.path.with_suffix(".partial")
        with partial.open("w", newline="") as file:
            writer = csv.DictWriter(file, fields)
            writer.writeheader()
            writer.writerows(self.rows)
        os.replace(partial, self.path)


class Finite(keras.callbacks.Callback):
    """Stops a run that diverges, before its state overwrites the last good one."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at the losses of the epoch.

        Raises:
            ValueError: If one is not finite.
        """
        for name, value in (logs or {}).items():
            if "loss" in name and not np.isfinite(value):
                raise ValueError(
                    "The loss must stay finite; lower the learning rate. "
                    f"Received: {name}={value} in epoch {epoch + 1}"
                )


def read_history(path: Path) -> dict[str, list[float]]:
    """Read what `History` wrote.

    Args:
        path: The file; one that does not exist is an empty history.

    Returns:
        The values of each loss and metric, one an epoch.
    """
    rows = _read_rows(path)
    keys = dict.fromkeys(key for row in rows for key in row if key != "epoch")
    return {key: [float(row[key]) for row in rows if row.get(key)] for key in keys}


def _read_rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
