"""Divides examples into splits that share none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from kerascnn.data.dataset import slices


def split_indices(
    count: int, shares: Sequence[float], *, seed: int = 0, groups: np.ndarray | None = None
) -> list[np.ndarray]:
    """Divide the indices 0..count-1 into the parts to hold out and the rest.

    The draw is random but even: with groups, each group has its share of every part, to within
    one example.

    Args:
        count: Number of examples.
        shares: Share of each part to hold out, positive, with a sum below 1.
        seed: Seed of the draw.
        groups: The class of each example, `(count,)`; one group when None.

    Returns:
        Shuffled arrays of indices: the rest, then one for each share.

    Raises:
        ValueError: If the shares are out of range or leave a part empty.
    """
    if min(shares) <= 0 or sum(shares) >= 1:
        raise ValueError(
            "The shares of validation and test must be positive and sum to less than 1. "
            f"Received: {', '.join(map(str, shares))}"
        )
    random = np.random.default_rng(seed)
    rest = random.permutation(count)
    if groups is not None:
        rest = rest[np.argsort(np.asarray(groups)[rest], kind="stable")]
    held_out = []
    left = 1.0
    for share in shares:
        # The sum may miss a whole number by a rounding error, which would cost the last example.
        steps = np.floor(np.arange(len(rest) + 1) * share / left + 1e-9)
        taken = np.diff(steps) > 0
        held_out.append(random.permutation(rest[taken]))
        rest = rest[~taken]
        left -= share
    parts = [random.permutation(rest), *held_out]
    if any(len(part) == 0 for part in parts):
        raise ValueError(
            "Each split must hold at least one example; give more examples or larger shares. "
            f"Received: {count} examples, shares {', '.join(map(str, shares))}"
        )
    return parts


def split_columns(
    columns: Mapping[str, np.ndarray],
    shares: tuple[float, float],
    *,
    seed: int = 0,
    groups: np.ndarray | None = None,
) -> dict[str, tf.data.Dataset]:
    """Give the splits of a data set, by name, of arrays with the examples along the first axis.

    Args:
        columns: What examples hold.
        shares: Shares of the validation and the test split, as `split_indices` takes them.
        seed: Seed of the draw.
        groups: The class of each example, `(count,)`; one group when None.

    Raises:
        ValueError: If the shares are out of range or leave a split empty.
    """
    count = len(next(iter(columns.values())))
    parts = split_indices(count, shares, seed=seed, groups=groups)
    return {
        name: slices({key: column[part] for key, column in columns.items()})
        for name, part in zip(("train", "validation", "test"), parts, strict=True)
    }
