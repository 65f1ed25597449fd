"""What is said in a recording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from kerascnn.data import Dataset
from kerascnn.edge import ctc_greedy
from kerascnn.losses import FramedCTC
from kerascnn.tasks.drawing import Section, Tile, gallery, shorten
from kerascnn.tasks.edit_distance import error_rate, split
from kerascnn.tasks.outputs import single
from kerascnn.tasks.shapes import check_classes
from kerascnn.tasks.spectrogram import end_of, spectrogram
from kerascnn.tasks.task import Task

_COLUMNS = 8
_BLANK = 0  # as in the targets of `FramedCTC`
_CLIP = 5.0  # most that the gradients of all weights together are long


class Speech(Task):
    """Write down what is said in a recording.

    The deployable model gives logits of the tokens, `(batch, frames, tokens)`, among which 0 is
    the blank of connectionist temporal classification. Frames behind the end of a sound, where it
    is filled up with zeros, do not count.
    """

    name = "speech"
    data = "spoken_digits"
    needs = ("sound", "tokens")
    metric = "token_error_rate"

    def model_options(self, dataset: Dataset) -> dict[str, Any]:
        """Give the length of the sounds, their samples a second, and the number of tokens."""
        return {
            "input_shape": dataset.shape,
            "sample_rate": dataset.sample_rate,
            "num_tokens": len(dataset.labels),
        }

    def example(self, example: Mapping[str, tf.Tensor], model: keras.Model) -> tuple[Any, ...]:
        """Pair the sound with how many frames of the output it lasts, and its tokens."""
        sound, tokens = example["sound"], example["tokens"]
        length, frames = sound.shape[0], model.output_shape[1]
        end = tf.reduce_max(tf.where(sound != 0, tf.range(1, length + 1), 0))
        return sound, tf.concat([[-(-end * frames // length)], tokens], axis=0)

    def compile(self, model: keras.Model, *, learning_rate: float | None = None) -> None:
        """Minimise the loss of connectionist temporal classification, in nats, by Adam at 1e-3.

        The gradient of all weights is shortened to 5, as that of a recurrent layer may explode.
        """
        model.compile(
            optimizer=keras.optimizers.Adam(learning_rate or 1e-3, global_clipnorm=_CLIP),
            loss=FramedCTC(),
        )

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure how far the best alignments are from what is said.

        `token_error_rate` is the number of tokens to insert, delete or replace as a share of those
        that are said, `word_error_rate` that of words, where tokens are their letters, and `exact`
        the share of recordings without an error.
        """
        given, said = _transcripts(outputs, examples), _said(examples)
        scores = {"token_error_rate": error_rate(given, said)}
        if "separator" in examples:
            space = int(examples["separator"][0])
            words = ([split(one, space) for one in tokens] for tokens in (given, said))
            scores["word_error_rate"] = error_rate(*words)
        return {
            **scores,
            "exact": float(np.mean([a == b for a, b in zip(given, said, strict=True)])),
        }

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw the first recordings' spectrograms with what the model wrote; red is not right."""
        given, said = _transcripts(outputs, examples), _said(examples)
        count = min(len(said), 3 * _COLUMNS)
        tiles = []
        for sound, *pair in zip(examples["sound"][:count], given, said, strict=False):
            written, truth = (
                shorten("".join(dataset.labels[token] for token in tokens), 12) for tokens in pair
            )
            wrong = pair[0] != pair[1]
            caption = f"{written or '(nothing)'}\nis {truth}" if wrong else written
            tiles.append(Tile(spectrogram(sound, dataset.sample_rate), caption, wrong))
        heading = f"The first {count} of {len(said)} recordings with their transcripts"
        return gallery([Section(heading, tiles)], columns=_COLUMNS)

    def metadata(self, dataset: Dataset, part: str = "model") -> dict[str, Any]:
        """Add the tokens, which of them is the blank, and the samples a second."""
        return {
            **super().metadata(dataset, part),
            "labels": dataset.labels,
            "tokens": {"blank": _BLANK},
            "sample_rate": dataset.sample_rate,
        }

    def check_shape(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model with fewer outputs than the data has tokens."""
        super().check_shape(model, dataset)
        check_classes(model, dataset, "num_tokens")


def _transcripts(outputs: Any, examples: Mapping[str, np.ndarray]) -> list[tuple[int, ...]]:
    logits = single(outputs, examples)
    if logits.ndim != 3:
        raise ValueError(
            "A transcript takes logits (count, frames, tokens). "
            f"Received: outputs of shape {logits.shape}"
        )
    length, count = examples["sound"].shape[1], logits.shape[1]
    return [
        ctc_greedy(frames[: -(-end_of(sound) * count // length)], blank=_BLANK).tokens
        for frames, sound in zip(logits, examples["sound"], strict=True)
    ]


def _said(examples: Mapping[str, np.ndarray]) -> list[tuple[int, ...]]:
    return [tuple(row[row != _BLANK].tolist()) for row in examples["tokens"]]
