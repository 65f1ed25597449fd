"""Connected pixels: one thing each."""

from __future__ import annotations

import numpy as np

from ..runtime.tensors import Array


def connected_components(mask: Array) -> Array:
    """Give each connected part of a mask a number.

    Pixels are connected that have one value and a side in common; 0 is the background.

    Args:
        mask: Integers, `(H, W)`.

    Returns:
        int32 of the same shape: 0 for the background, and 1, 2, ... in the order in which the
        parts' first pixels come, row by row.

    Raises:
        ValueError: If the mask has not two axes.
    """
    if mask.ndim != 2:
        raise ValueError(f"A mask has two axes, (H, W). Received: shape={mask.shape}")
    left = np.pad(mask, ((0, 0), (1, 0)))[:, :-1]
    runs = np.cumsum((mask != 0) & (mask != left)).reshape(mask.shape) * (mask != 0)
    touching = (mask[1:] == mask[:-1]) & (mask[1:] != 0)
    pairs = np.unique(np.stack([runs[:-1][touching], runs[1:][touching]], axis=-1), axis=0)
    first = np.arange(runs.max(initial=0) + 1)  # of each run, one that it is connected with
    for one, other in pairs.tolist():
        roots = _root(first, one), _root(first, other)
        first[max(roots)] = min(roots)
    parts = np.unique([_root(first, run) for run in range(len(first))], return_inverse=True)[1]
    numbers: Array = parts[runs].astype(np.int32)
    return numbers


def _root(first: Array, run: int) -> int:
    """Follow a run to the first one of its part, and shorten the way for those who come later."""
    while first[run] != run:
        first[run] = first[first[run]]
        run = int(first[run])
    return run
