"""One text from another."""

from __future__ import annotations

import numpy as np

from ..description.metadata import Metadata
from ..errors import ModelError
from ..runtime.model import Model
from ..runtime.tensors import Array, TensorSpec
from .text import Text
from .writing import write


def translate(
    encoder: Model,
    text: str,
    *,
    decoder: Model,
    beams: int = 3,
    max_length: int | None = None,
    length_penalty: float = 0.0,
) -> list[Text]:
    """Translate a text.

    A text is made of characters where all labels but those of start and end are characters, else of
    words between spaces. The encoder sees it once, filled up with the end; the
    decoder is run as in `caption`.

    Args:
        encoder: A model of task `translation`, whose only input takes int32 `(1, length)`.
        text: What to translate, of so many characters or words at most.
        decoder: The model of a step.
        beams: Translations that are followed and returned at most, at least 1.
        max_length: Most characters or words, the end included, at least 1; when None 20, or as
            many as the decoder takes.
        length_penalty: How much long translations are favoured, 0 or more.

    Returns:
        The translations, the best first.

    Raises:
        ModelError: If the files don't fit, or the encoder has no vocabulary.
        ValueError: If the text is empty, too long or has characters that the model doesn't know,
            or a number is out of range.
    """
    if len(encoder.inputs) != 1 or len(encoder.inputs[0].shape) != 2:
        raise ModelError(
            "An encoder of texts takes tokens of shape (1, length). "
            f"Received: {[spec.shape for spec in encoder.inputs]}"
        )
    places = _places(encoder.metadata)
    separator = "" if all(len(label) == 1 for label in places) else " "
    words = text.split(separator) if separator else list(text)
    return write(
        decoder,
        encoder.run(_tokens(words, places, encoder.metadata, encoder.inputs[0])),
        beams=beams,
        max_length=max_length,
        length_penalty=length_penalty,
        separator=separator,
    )


def _places(metadata: Metadata) -> dict[str, int]:
    """Give the index of each label that is text."""
    tokens = metadata.tokens
    if not metadata.labels or tokens is None or tokens.end is None:
        raise ModelError(
            "An encoder's metadata name its characters, and which of them is the end. "
            f"Received: {len(metadata.labels)} labels, tokens={tokens}"
        )
    marks = {tokens.start, tokens.end}
    return {label: place for place, label in enumerate(metadata.labels) if place not in marks}


def _tokens(
    words: list[str], places: dict[str, int], metadata: Metadata, spec: TensorSpec
) -> Array:
    if unknown := sorted(set(words) - places.keys()):
        raise ValueError(
            f"A text is made of {', '.join(map(repr, places)):.80}. "
            f"Received: {', '.join(map(repr, unknown))}"
        )
    if not 1 <= len(words) <= spec.shape[1]:
        raise ValueError(f"A text has 1 to {spec.shape[1]} parts here. Received: {len(words)}")
    end = metadata.tokens.end if metadata.tokens else 0
    tokens = np.full(spec.shape, end, np.int32)
    tokens[0, : len(words)] = [places[word] for word in words]
    return tokens
