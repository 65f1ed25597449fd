"""Integers that must be in a range."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def integers(name: str, values: np.ndarray) -> np.ndarray:
    """Give values back, refused unless they are integers."""
    if not np.issubdtype(values.dtype, np.integer):
        raise ValueError(
            f"{name.capitalize()} must be integers; convert them with astype(int). "
            f"Received: {name} of type {values.dtype}"
        )
    return values


def check_range(name: str, rows: np.ndarray, label_names: Sequence[str], least: int = 0) -> None:
    """Refuse values below the least one or without a name, any name being good where there is none.

    Args:
        name: What the values are.
        rows: Integers, one row an image.
        label_names: Name of each value from 0.
        least: The least value.

    Raises:
        ValueError: If a value is out of range.
    """
    limit = len(label_names) or np.iinfo(np.int32).max
    bad = np.logical_or(rows < least, rows >= limit)
    flags = np.any(bad, axis=1)
    if not flags.any():
        return
    row = first(flags)
    value = rows[row][bad[row]][0]
    names = f"{least}..{limit - 1}, one for each of the {limit - least} names"
    known = names if label_names else f"{least} or above"
    raise ValueError(
        f"{name.capitalize()} must be {known}; renumber them from {least} or name every value. "
        f"Received: {name}[{row}] with the value {value}"
    )


def first(flags: np.ndarray) -> int:
    """Give the index of the first that is true."""
    return int(np.flatnonzero(flags)[0])
