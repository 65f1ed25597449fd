"""From the frames of connectionist temporal classification to a sequence of symbols."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from ..runtime.tensors import Array
from .beam_search import Sentence

Prefix: TypeAlias = tuple[int, ...]


def ctc_greedy(log_probabilities: Array, *, blank: int = -1) -> Sentence:
    """Take the best symbol of each frame, merge repeated ones, and leave out the blanks.

    Args:
        log_probabilities: Nats, of shape (frames, symbols), the blank among the symbols.
        blank: Index of the blank; negative ones count from the end.

    Returns:
        The symbols of the most probable alignment, and its log-probability.

    Raises:
        ValueError: If the shape or the blank doesn't fit.

    Reference:
        Graves et al., Connectionist Temporal Classification, 2006, sec. 3.2.
    """
    frames, blank = _checked(log_probabilities, blank)
    best = frames.argmax(axis=1)
    new = np.append(True, best[1:] != best[:-1])[: len(best)]
    symbols = tuple(best[new & (best != blank)].tolist())
    return Sentence(symbols, float(frames.max(axis=1).sum()))


def ctc_beam_search(log_probabilities: Array, *, beams: int = 8, blank: int = -1) -> list[Sentence]:
    """Find the most probable sequences, each the sum over all its alignments.

    Args:
        log_probabilities: Nats, of shape (frames, symbols), the blank among the symbols.
        beams: Sequences that are followed and returned at most, at least 1.
        blank: Index of the blank; negative ones count from the end.

    Returns:
        The sequences and their log-probabilities, the best first. They are exact if no sequence
        had to be dropped on the way, else a lower bound.

    Raises:
        ValueError: If the shape, the blank or the number of beams doesn't fit.

    Reference:
        Hannun et al., First-Pass Large Vocabulary Continuous Speech Recognition using
        Bi-Directional Recurrent DNNs, 2014, alg. 1, without a language model.
    """
    frames, blank = _checked(log_probabilities, blank)
    if beams < 1:
        raise ValueError(f"beams must be at least 1. Received: beams={beams}")
    prefixes: list[Prefix] = [()]
    ends = np.array([[0.0, -np.inf]])
    for frame in frames:
        kept, grown = _alignments(prefixes, ends, frame, blank)
        scores = np.concatenate([np.logaddexp(kept[:, 0], kept[:, 1]), grown.reshape(-1)])
        best = np.argsort(-scores, kind="stable")[:beams]
        best = best[scores[best] > -np.inf]
        old, new = best[best < len(kept)], best[best >= len(kept)] - len(kept)
        parents, symbols = np.unravel_index(new, grown.shape)
        longer = [(*prefixes[i], int(c)) for i, c in zip(parents, symbols, strict=True)]
        prefixes = [prefixes[i] for i in old] + longer
        fresh = np.stack([np.full(len(new), -np.inf), grown[parents, symbols]], axis=1)
        ends = np.concatenate([kept[old], fresh])
    totals = np.logaddexp(ends[:, 0], ends[:, 1])
    order = np.argsort(-totals, kind="stable")
    return [Sentence(prefixes[i], float(totals[i])) for i in order]


def _alignments(
    prefixes: list[Prefix], ends: Array, frame: Array, blank: int
) -> tuple[Array, Array]:
    """Let each prefix go on for a frame.

    Args:
        prefixes: The n prefixes.
        ends: Log-probabilities of their alignments that end in a blank, and in their last symbol:
            shape (n, 2).
        frame: Log-probabilities of the symbols.
        blank: Index of the blank.

    Returns:
        What `ends` becomes, and the log-probabilities of each prefix with one symbol more, of shape
        (n, symbols); those that are among the prefixes are counted there.
    """
    totals = np.logaddexp(ends[:, 0], ends[:, 1])
    kept = np.stack([totals + frame[blank], np.full(len(prefixes), -np.inf)], axis=1)
    grown = totals[:, None] + frame
    grown[:, blank] = -np.inf
    place = {prefix: i for i, prefix in enumerate(prefixes)}
    for i, prefix in enumerate(prefixes):
        if prefix:
            # A symbol that comes twice needs a blank in between, or the two are merged.
            kept[i, 1] = ends[i, 1] + frame[prefix[-1]]
            grown[i, prefix[-1]] = ends[i, 0] + frame[prefix[-1]]
    for i, prefix in enumerate(prefixes):
        parent = place.get(prefix[:-1]) if prefix else None
        if parent is not None:
            kept[i, 1] = np.logaddexp(kept[i, 1], grown[parent, prefix[-1]])
            grown[parent, prefix[-1]] = -np.inf
    return kept, grown


def _checked(log_probabilities: Array, blank: int) -> tuple[Array, int]:
    frames = np.asarray(log_probabilities, np.float64)
    if frames.ndim != 2 or not frames.shape[1] or np.isnan(frames).any():
        raise ValueError(
            "Log-probabilities are numbers of shape (frames, symbols). Received: "
            f"shape={frames.shape}" + (", some nan" if np.isnan(frames).any() else "")
        )
    symbols = frames.shape[1]
    if not -symbols <= blank < symbols:
        raise ValueError(f"The blank is one of {symbols} symbols. Received: blank={blank}")
    return frames, blank % symbols
