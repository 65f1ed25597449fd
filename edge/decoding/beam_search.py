"""The most probable sentence of a model that gives one token after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ..runtime.tensors import Array

# (tokens so far, state) -> (log-probabilities of the next token, shape (vocabulary,); new state)
Step: TypeAlias = Callable[[tuple[int, ...], Any], tuple[Array, Any]]


@dataclass(frozen=True)
class Sentence:
    """Tokens and how probable they are.

    Args:
        tokens: Their ids, without those of the start and the end.
        score: Log-probability in nats; divided by the length penalty where there is one.
    """

    tokens: tuple[int, ...]
    score: float


def beam_search(
    step: Step,
    state: Any = None,
    *,
    start: int,
    end: int,
    beams: int = 3,
    max_length: int = 20,
    length_penalty: float = 0.0,
) -> list[Sentence]:
    """Search for the most probable sentences; with one beam, take the best token every time.

    The `beams` best continuations are followed; those that end leave. The search stops when no
    unfinished one can get better than what has been found.

    Args:
        step: Gives the next token's log-probabilities (vocabulary,), nats, and the state after it,
            for the tokens so far, the start included, and the state before. It must not change
            the state that it is given.
        state: The state before the first token; whatever `step` makes of it.
        start: Id of the token before the first.
        end: Id of the token behind the last.
        beams: Sentences that are followed and returned at most, at least 1.
        max_length: Most tokens of a sentence, its end included, at least 1. Longer ones are cut
            there.
        length_penalty: Exponent of ((5 + length) / 6), which divides the log-probability: 0 or
            more; more favours long sentences.

    Returns:
        The sentences found, the best first.

    Raises:
        ValueError: If a number is out of range.

    Reference:
        Wu et al., Google's Neural Machine Translation System, 2016, eq. 14.
    """
    if beams < 1 or max_length < 1 or length_penalty < 0:
        raise ValueError(
            "beams and max_length must be at least 1, length_penalty at least 0. Received: "
            f"beams={beams}, max_length={max_length}, length_penalty={length_penalty}"
        )
    live, done = [(0.0, (start,), state)], []
    for length in range(1, max_length + 1):
        live, ended = _follow(step, live, end, beams)
        scale = _penalty(length, length_penalty)
        done += [Sentence(tokens, total / scale) for total, tokens in ended]
        if length == max_length:
            done += [Sentence(tokens[1:], total / scale) for total, tokens, _ in live]
        done = sorted(done, key=lambda sentence: -sentence.score)[:beams]
        # A log-probability only falls, and the longest sentence divides it by the most.
        hope = max((total for total, _, _ in live), default=-np.inf)
        if len(done) == beams and done[-1].score >= hope / _penalty(max_length, length_penalty):
            break
    return done


def _follow(
    step: Step, live: list[Any], end: int, beams: int
) -> tuple[list[Any], list[tuple[float, tuple[int, ...]]]]:
    """Continue each sentence and keep the best of all: unfinished ones, and finished ones."""
    if not live:
        return [], []
    results = [step(tokens, state) for _, tokens, state in live]
    totals = np.array([total for total, *_ in live])[:, None] + [row for row, _ in results]
    best = np.argsort(-totals, axis=None, kind="stable")[:beams]
    going: list[Any] = []
    ended: list[tuple[float, tuple[int, ...]]] = []
    for parent, token in zip(*np.unravel_index(best, totals.shape), strict=True):
        total, tokens = float(totals[parent, token]), live[parent][1]
        if total == -np.inf:  # impossible
            continue
        if token == end:
            ended.append((total, tokens[1:]))
        else:
            going.append((total, (*tokens, int(token)), results[parent][1]))
    return going, ended


def _penalty(length: int, exponent: float) -> float:
    return float(((5 + length) / 6) ** exponent)
