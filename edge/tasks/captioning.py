"""A sentence about a picture."""

from __future__ import annotations

from ..runtime.model import Model
from .outputs import outputs_for
from .picture import Picture
from .text import Text
from .writing import write


def caption(
    encoder: Model,
    image: Picture,
    *,
    decoder: Model,
    beams: int = 3,
    max_length: int | None = None,
    length_penalty: float = 0.0,
) -> list[Text]:
    """Describe a picture in words.

    The encoder sees the picture once. The decoder is run for each word of each sentence: its input
    `token`, of one element, is the word before; or its input `tokens`, of shape (1, length), all
    words before, filled up with the end. It gives `logits` or `probabilities` of the next word; for
    `tokens`, of the word behind each place. All other inputs come from the output of the same name:
    of the decoder's last run, if it has one, or else of the encoder. A state that the encoder does
    not give starts at zero.

    Args:
        encoder: A model of task `captioning`.
        image: A path, a Pillow image, or a uint8 array (H, W) or (H, W, C).
        decoder: The model of a step. Its metadata hold the vocabulary as `labels`, and the ids of
            start and end in `tokens`.
        beams: Sentences that are followed and returned at most, at least 1.
        max_length: Most words, the end included, at least 1; when None 20, or as many as the
            decoder takes.
        length_penalty: How much long sentences are favoured, 0 or more.

    Returns:
        The captions, the best first.

    Raises:
        ModelError: If the two files don't fit, or the decoder has no vocabulary, start or end.
        ValueError: If the image is no picture, or a number is out of range.
    """
    return write(
        decoder,
        outputs_for(encoder, image),
        beams=beams,
        max_length=max_length,
        length_penalty=length_penalty,
        separator=" ",
    )
