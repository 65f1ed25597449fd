"""Words that a model gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..decoding.beam_search import Sentence


@dataclass(frozen=True)
class Text:
    """A caption or a transcript.

    Args:
        text: The words.
        score: Log-probability in nats; divided by the length penalty where there is one.
    """

    text: str
    score: float


def spell(sentences: Iterable[Sentence], labels: Sequence[str], separator: str) -> list[Text]:
    """Write sentences of token ids out, with a separator between the labels."""
    return [
        Text(separator.join(labels[token] for token in sentence.tokens), sentence.score)
        for sentence in sentences
    ]
