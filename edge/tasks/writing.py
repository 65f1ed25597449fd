"""Words that a decoder gives one after the other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..decoding.beam_search import Step, beam_search
from ..decoding.probabilities import log_probabilities
from ..errors import ModelError
from ..runtime.model import Model
from ..runtime.tensors import Array, TensorSpec
from .outputs import labels_for
from .text import Text, spell

_LONGEST = 20  # words, unless more are asked for


def write(
    decoder: Model,
    features: dict[str, Array],
    *,
    beams: int,
    max_length: int | None,
    length_penalty: float,
    separator: str,
) -> list[Text]:
    """Search for the most probable words behind what an encoder gave.

    The decoder is run for each word of each sentence, as `caption` says.

    Args:
        decoder: The model of a step.
        features: What the encoder gave, by name.
        beams: Sentences that are followed and returned at most, at least 1.
        max_length: Most words, the end included, at least 1; when None 20, or as many as the
            decoder takes.
        length_penalty: How much long sentences are favoured, 0 or more.
        separator: What stands between two words.

    Returns:
        The sentences, the best first.

    Raises:
        ModelError: If the features don't fit, or the decoder has no vocabulary, start or end.
        ValueError: If a number is out of range.
    """
    token, scores, vocabulary = _ports(decoder)
    labels = labels_for(decoder.metadata.labels, vocabulary)
    start, end = _marks(decoder, vocabulary)
    state = _first_state(decoder, token, features)
    sentences = beam_search(
        _step(decoder, token, scores, end),
        state,
        start=start,
        end=end,
        beams=beams,
        max_length=_longest(token, max_length),
        length_penalty=length_penalty,
    )
    return spell(sentences, labels, separator)


def _ports(decoder: Model) -> tuple[TensorSpec, str, int]:
    """Find the input of the words, the name of the output, and the size of the vocabulary."""
    words = [spec for spec in decoder.inputs if spec.name in ("token", "tokens")]
    scores = [spec for spec in decoder.outputs if spec.name in ("logits", "probabilities")]
    if len(words) != 1 or len(scores) != 1 or not (words[0].shape and scores[0].shape):
        raise ModelError(
            "A decoder takes token or tokens and gives logits or probabilities. Received: "
            f"{[s.name for s in decoder.inputs]} to {[s.name for s in decoder.outputs]}"
        )
    return words[0], scores[0].name, scores[0].shape[-1]


def _longest(token: TensorSpec, max_length: int | None) -> int:
    room = math.prod(token.shape)
    if max_length is None:
        return _LONGEST if room == 1 else min(room, _LONGEST)
    if 1 < room < max_length:
        raise ValueError(f"The decoder takes {room} words. Received: max_length={max_length}")
    return max_length


def _marks(decoder: Model, vocabulary: int) -> tuple[int, int]:
    tokens = decoder.metadata.tokens
    start, end = (tokens.start, tokens.end) if tokens else (None, None)
    if start is None or end is None or max(start, end) >= vocabulary:
        raise ModelError(
            "A decoder's metadata name start and end among its words. "
            f"Received: {vocabulary} words, tokens={tokens}"
        )
    return start, end


def _first_state(decoder: Model, token: TensorSpec, features: dict[str, Array]) -> dict[str, Array]:
    """Give what the decoder takes beside the first word."""
    given = {spec.name for spec in decoder.outputs}
    state = {}
    for spec in decoder.inputs:
        if spec == token:
            continue
        if spec.name not in features and spec.name not in given:
            raise ModelError(
                "The encoder or the decoder gives each input of the decoder. Received: none gives "
                f"{spec.name!r}; the encoder gives {sorted(features)}"
            )
        state[spec.name] = features.get(spec.name, np.zeros(spec.shape, _real(spec)))
        if state[spec.name].shape != spec.shape:
            raise ModelError(
                f"The decoder takes {spec.name!r} of shape {spec.shape}. "
                f"Received: shape={state[spec.name].shape} from the encoder"
            )
    return state


def _step(decoder: Model, token: TensorSpec, scores: str, end: int) -> Step:
    def step(tokens: tuple[int, ...], state: Any) -> tuple[Array, Any]:
        words = np.full(token.shape, end, _real(token))
        last = tokens if words.size > 1 else tokens[-1:]
        words.reshape(-1)[: len(last)] = last
        outputs = decoder.run({token.name: words, **state})
        places = log_probabilities(scores, outputs[scores])
        row = places.reshape(-1, places.shape[-1])[len(last) - 1]
        return row, {name: outputs.get(name, value) for name, value in state.items()}

    return step


def _real(spec: TensorSpec) -> Any:
    """Give the type of a tensor's values outside of the file."""
    return np.float32 if spec.scale else spec.dtype
