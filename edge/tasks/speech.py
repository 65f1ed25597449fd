"""What is said in a recording."""

from __future__ import annotations

import math

from ..decoding.ctc import ctc_beam_search
from ..decoding.probabilities import log_probabilities
from ..description.metadata import Metadata
from ..errors import ModelError
from ..runtime.model import Model
from .sound import Sound, prepare_sound
from .text import Text, spell


def transcribe(model: Model, sound: Sound, *, beams: int = 8) -> list[Text]:
    """Write down what is said in a recording.

    Args:
        model: A model of task `speech`, trained with connectionist temporal classification. It
            gives `probabilities` by that name, or logits or log-probabilities, of shape
            (1, frames, symbols). Its labels are the symbols; the blank may be missing where it is
            the last, and else stands in `metadata.tokens`.
        sound: The path of a .wav file, or an array of floats: samples (n,), or features
            (frames, features), as the model takes them. Shorter ones are filled up with zeros,
            and the frames of those are left out.
        beams: Transcripts that are followed and returned at most, at least 1.

    Returns:
        The transcripts, the best first.

    Raises:
        FileNotFoundError: If there is no such file.
        ModelError: If the model takes no sound, or doesn't give a score for each symbol.
        ValueError: If the recording isn't what the model takes, or `beams` is below 1.
    """
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        names = [spec.name for spec in (*model.inputs, *model.outputs)]
        raise ModelError(f"The model must have one input and one output. Received: {names}")
    batch, share = prepare_sound(sound, model.inputs[0], model.metadata)
    ((name, scores),) = model.run(batch).items()
    if scores.ndim != 3:
        raise ModelError(
            f"A transcript takes scores (1, frames, symbols). Received: shape={scores.shape}"
        )
    frames = scores[0, : math.ceil(share * scores.shape[1])]
    sentences = ctc_beam_search(
        log_probabilities(name, frames), beams=beams, blank=_blank(model.metadata, frames.shape[1])
    )
    return spell(sentences, model.metadata.labels, "")


def _blank(metadata: Metadata, symbols: int) -> int:
    """Find the index of the blank, and check that all the others have a label."""
    given = metadata.tokens.blank if metadata.tokens else None
    blank = symbols - 1 if given is None else given
    labels = len(metadata.labels)
    if blank >= symbols or not (labels == symbols or labels == blank == symbols - 1):
        raise ModelError(
            f"Each symbol has a label, all but a blank at the end. Received: {symbols} symbols, "
            f"{labels} labels, blank={blank}"
        )
    return blank
