"""How far one text is from another."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any


def error_rate(given: Sequence[Sequence[Any]], said: Sequence[Sequence[Any]]) -> float:
    """Give what must be inserted, deleted or replaced as a share of all that was said."""
    errors = sum(edit_distance(*pair) for pair in zip(given, said, strict=True))
    return errors / max(sum(map(len, said)), 1)


def split(tokens: Sequence[int], separator: int) -> list[tuple[int, ...]]:
    """Give the words of a text whose tokens are letters."""
    groups = itertools.groupby(tokens, lambda token: token == separator)
    return [tuple(word) for between, word in groups if not between]


def edit_distance(one: Sequence[Any], other: Sequence[Any]) -> int:
    """Count the tokens to insert, delete or replace in one sequence to get the other."""
    costs = list(range(len(other) + 1))
    for row, token in enumerate(one, 1):
        diagonal, costs[0] = costs[0], row
        for column, wanted in enumerate(other, 1):
            replaced = diagonal + (token != wanted)
            diagonal = costs[column]
            costs[column] = min(replaced, diagonal + 1, costs[column - 1] + 1)
    return costs[-1]
