"""Makes a data set of pairs of texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerascnn.data.dataset import Dataset
from kerascnn.data.splits import split_columns

MARKS = ("<end>", "<start>")  # the first two labels of every vocabulary


def from_texts(
    name: str,
    sources: Sequence[str],
    targets: Sequence[str],
    *,
    source: str = "",
    licence: str = "",
    validation: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
) -> Dataset:
    """Make a data set of texts and what they shall become, character by character.

    The vocabulary is all characters of both.

    Args:
        name: What to call it.
        sources: The texts that are given.
        targets: What each shall become.
        source: Where the texts come from.
        licence: The terms under which they may be used.
        validation: Share of the validation split, in (0, 1).
        test: Share of the test split, in (0, 1).
        seed: Seed of the split.

    Raises:
        ValueError: If there are not as many targets, a text is empty, or a split would be.

    Example:
        >>> from_texts("mine", ["one", "two", "six"] * 3, ["1", "2", "6"] * 3).labels[:4]
        ('<end>', '<start>', '1', '2')
    """
    if len(sources) != len(targets) or not all((*sources, *targets)):
        raise ValueError(
            "There must be a target for each source, and no text be empty. "
            f"Received: {len(sources)} sources, {len(targets)} targets"
        )
    labels = (*MARKS, *sorted(set("".join([*sources, *targets]))))
    columns = {
        "source": encode(sources, labels, max(map(len, sources), default=0)),
        "tokens": encode(targets, labels, max(map(len, targets), default=0)),
    }
    return Dataset(
        name=name,
        source=source,
        licence=licence,
        labels=labels,
        shape=columns["source"].shape[1:],
        **split_columns(columns, (validation, test), seed=seed),
    )


def encode(texts: Sequence[Sequence[str]], labels: Sequence[str], length: int) -> np.ndarray:
    """Give the characters or words of texts as indices of labels, zeros behind, `(count, length)`.

    Args:
        texts: Texts of `length` characters at most, or lists of so many words.
        labels: The vocabulary, without repetition; the end is the first.
        length: Number of places.
    """
    places = {label: place for place, label in enumerate(labels)}
    codes = np.zeros((len(texts), length), np.int32)
    for row, text in zip(codes, texts, strict=True):
        row[: len(text)] = [places[token] for token in text]
    return codes
