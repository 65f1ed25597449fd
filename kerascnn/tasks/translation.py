"""One text from another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from PIL import Image

from kerascnn.data import Dataset
from kerascnn.tasks.deployment import Pixels
from kerascnn.tasks.drawing import shorten
from kerascnn.tasks.edit_distance import error_rate
from kerascnn.tasks.sequences import Sequences, spoken
from kerascnn.tasks.text_table import text_table

_ROWS = 30  # of a picture
_LETTERS = 60  # of a text that are drawn


class Translation(Sequences):
    """Translate a text, as tokens, into another one with the same vocabulary."""

    name = "translation"
    data = "number_words"
    needs = ("source", "tokens")

    def scale(self, images: Pixels) -> Pixels:
        """Leave tokens as they are."""
        return images

    def inputs(self, model: keras.Model, examples: Mapping[str, np.ndarray]) -> np.ndarray:
        """Give the tokens of the source."""
        del model
        return np.asarray(examples["source"], np.int32)

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure `exact`, the share of texts without an error, and `token_error_rate`.

        The rate is the number of tokens to insert, delete or replace as a share of the true ones.
        """
        given, true = spoken(outputs), spoken(examples["tokens"])
        return {**super().score(outputs, examples), "token_error_rate": error_rate(given, true)}

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Show the first texts and what was made of them; what is not right is red."""
        given, true = spoken(outputs)[:_ROWS], spoken(examples["tokens"])[:_ROWS]
        lines = [
            [_text(tokens, dataset.labels) for tokens in line]
            for line in zip(spoken(examples["source"])[:_ROWS], true, given, strict=True)
        ]
        wrong = [one != other for one, other in zip(given, true, strict=True)]
        return text_table(("source", "true", "given"), lines, wrong)


def _text(tokens: Sequence[int], labels: Sequence[str]) -> str:
    letters = [labels[token] for token in tokens]
    joined = ("" if max(map(len, letters), default=1) == 1 else " ").join(letters)
    return shorten(joined, _LETTERS) or "(nothing)"
