"""What is heard when in a recording."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from ..decoding.probabilities import log_probabilities
from ..errors import ModelError
from ..runtime.model import Model
from .outputs import labels_for
from .sound import Sound, prepare_sound


@dataclass(frozen=True)
class Stretch:
    """A part of a recording in which one thing is heard.

    Args:
        label: Its name.
        start: Where it begins, in seconds; in frames where the model names no sample rate.
        end: Where it ends.
        score: Mean probability of its frames, in [0, 1].
        index: Index of the label.
    """

    label: str
    start: float
    end: float
    score: float
    index: int


def segment_sound(model: Model, sound: Sound) -> list[Stretch]:
    """Divide a recording into stretches in which one thing is heard.

    Args:
        model: A model of task `acoustic`, which gives `probabilities` by that name, or logits or
            log-probabilities, of shape (1, frames, states).
        sound: The path of a .wav file, or an array of floats: samples (n,), or features
            (frames, features), as the model takes them. Shorter ones are filled up with zeros,
            and the frames of those are left out.

    Returns:
        The stretches, the earliest first; each begins where the one before ends.

    Raises:
        FileNotFoundError: If there is no such file.
        ModelError: If the model takes no sound, or doesn't give a score for each state.
        ValueError: If the recording isn't what the model takes.
    """
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        names = [spec.name for spec in (*model.inputs, *model.outputs)]
        raise ModelError(f"The model must have one input and one output. Received: {names}")
    spec, rate = model.inputs[0], model.metadata.sample_rate
    batch, share = prepare_sound(sound, spec, model.metadata)
    ((name, scores),) = model.run(batch).items()
    if scores.ndim != 3:
        raise ModelError(f"States take scores (1, frames, states). Received: shape={scores.shape}")
    labels = labels_for(model.metadata.labels, scores.shape[-1])
    frames = np.exp(log_probabilities(name, scores[0, : math.ceil(share * scores.shape[1])]))
    states = frames.argmax(axis=-1)
    unit = spec.shape[1] / rate / scores.shape[1] if rate else 1.0
    borders = [0, *(1 + np.flatnonzero(np.diff(states))), len(states)]
    return [
        Stretch(
            label=labels[states[start]],
            start=float(start * unit),
            end=float(end * unit),
            score=float(frames[start:end, states[start]].mean()),
            index=int(states[start]),
        )
        for start, end in itertools.pairwise(borders)
    ]
