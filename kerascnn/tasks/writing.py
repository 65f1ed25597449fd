"""Words that a decoder gives one after the other, in whatever runtime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from kerascnn.tasks.deployment import Predict

END, START = 0, 1  # words by themselves, the first two of the labels


def write(
    run: Predict,
    decoder: keras.Model,
    features: Mapping[str, np.ndarray],
    count: int,
    length: int,
) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Take the most probable word every time.

    Args:
        run: What runs the decoder.
        decoder: The decoder of a `kerascnn.training.SequenceToSequence`.
        features: What the encoder gave, by name.
        count: Number of sentences.
        length: Most words of a sentence, the end included.

    Returns:
        The words, int32 `(count, length)`, and what the decoder was fed each time.
    """
    (name,) = {"token", "tokens"} & set(decoder.input)
    state = {
        key: features.get(key, np.zeros((count, *spec.shape[1:]), spec.dtype))
        for key, spec in decoder.input.items()
        if key != name
    }
    words = np.full((count, length + 1), END, np.int32)
    words[:, 0] = START
    fed = []
    for place in range(length):
        before = words[:, place] if name == "token" else words[:, :length]
        fed.append({name: before.copy(), **state})
        outputs = named(run(fed[-1]), decoder)
        state = {key: outputs.get(key, value) for key, value in state.items()}
        logits = outputs["logits"]
        words[:, place + 1] = (logits if name == "token" else logits[:, place]).argmax(-1)
    return words[:, 1:], fed


def named(outputs: Any, part: keras.Model) -> Mapping[str, np.ndarray]:
    """Give outputs by name, also where a runtime gives the only one as an array."""
    return outputs if isinstance(outputs, Mapping) else {next(iter(part.output)): outputs}
