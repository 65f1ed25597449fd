"""Makes a data set of recordings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from kerascnn.data.dataset import Dataset
from kerascnn.data.ranges import check_range, integers
from kerascnn.data.splits import split_columns


def from_sounds(
    name: str,
    sounds: ArrayLike,
    tokens: ArrayLike,
    *,
    sample_rate: int,
    label_names: Sequence[str],
    states: ArrayLike | None = None,
    source: str = "",
    licence: str = "",
    validation: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
) -> Dataset:
    """Make a data set of recordings and what is said in them.

    Args:
        name: What to call it.
        sounds: Floats in [-1, 1] with zeros behind the end, `(count, samples)`.
        tokens: Integers from 1 with zeros behind the end, `(count, tokens)`.
        sample_rate: Samples a second, in Hz.
        label_names: Name of each token, that of the blank, 0, included. Where one is a space, words
            are what stands between spaces, else each token is one.
        states: What is heard at each sample, integers from 0 for nothing, `(count, samples)`.
        source: Where the recordings come from.
        licence: The terms under which they may be used.
        validation: Share of the validation split, in (0, 1).
        test: Share of the test split, in (0, 1).
        seed: Seed of the split.

    Raises:
        ValueError: If an array is empty, of the wrong shape or type, not finite or out of range,
            or a split would be empty.

    Example:
        >>> dataset = from_sounds("mine", sounds, tokens, sample_rate=8000, label_names=names)
    """
    sounds, tokens = np.asarray(sounds), integers("tokens", np.asarray(tokens))
    if sounds.ndim != 2 or tokens.ndim != 2 or not sounds.size or len(sounds) != len(tokens):
        raise ValueError(
            "Sounds must have the shape (count, samples), tokens (count, tokens). "
            f"Received: sounds of shape {sounds.shape}, tokens of shape {tokens.shape}"
        )
    if sounds.dtype.kind != "f" or not np.abs(sounds).max() <= 1:
        raise ValueError(
            "Sounds must be floating point in [-1, 1]; divide whole numbers by the largest one. "
            f"Received: {sounds.dtype} up to {np.abs(sounds).max()}"
        )
    if sample_rate < 1:
        raise ValueError(f"There are samples in a second. Received: sample_rate={sample_rate}")
    check_range("tokens", tokens, label_names)
    columns = {"sound": sounds.astype(np.float32), "tokens": tokens.astype(np.int32)}
    if " " in label_names:
        columns["separator"] = np.full(len(sounds), list(label_names).index(" "), np.int32)
    if states is not None:
        columns["states"] = _states(np.asarray(states), sounds.shape, label_names)
    return Dataset(
        name=name,
        source=source,
        licence=licence,
        labels=tuple(label_names),
        shape=sounds.shape[1:],
        sample_rate=sample_rate,
        **split_columns(columns, (validation, test), seed=seed),
    )


def _states(states: np.ndarray, shape: tuple[int, ...], names: Sequence[str]) -> np.ndarray:
    states = integers("states", states)
    if states.shape != shape:
        raise ValueError(
            f"There must be a state for each sample, shape {shape}. "
            f"Received: states of shape {states.shape}"
        )
    check_range("states", states, names)
    return states.astype(np.uint8)
