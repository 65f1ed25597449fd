"""What is heard in each frame of a recording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from kerascnn.data import Dataset
from kerascnn.tasks.drawing import Section, Tile, gallery
from kerascnn.tasks.outputs import single
from kerascnn.tasks.shapes import check_classes
from kerascnn.tasks.spectrogram import end_of, spectrogram
from kerascnn.tasks.task import Task

_COLUMNS = 4
_STRIP = 3  # rows of a picture that show the states


class Acoustic(Task):
    """Tell the state of each frame, as the acoustic model of a hybrid recogniser does.

    The deployable model gives logits of the states, `(batch, frames, states)`, whose frames are
    spread evenly over the recording. Frames behind its end, where it is filled up with zeros, do
    not count.
    """

    name = "acoustic"
    data = "spoken_digits"
    needs = ("sound", "states")
    metric = "frame_accuracy"

    def model_options(self, dataset: Dataset) -> dict[str, Any]:
        """Give the length of the sounds, their samples a second, and the number of states."""
        return {
            "input_shape": dataset.shape,
            "sample_rate": dataset.sample_rate,
            "num_states": len(dataset.labels),
        }

    def example(self, example: Mapping[str, tf.Tensor], model: keras.Model) -> tuple[Any, ...]:
        """Pair the sound with the state in the middle of each frame, and how much each counts."""
        sound, states = example["sound"], example["states"]
        samples = sound.shape[0]
        middles = _middles(samples, model.output_shape[1])
        end = tf.reduce_max(tf.where(sound != 0, tf.range(1, samples + 1), 0))
        counts = tf.cast(tf.constant(middles) < end, tf.float32)
        return sound, tf.cast(tf.gather(states, middles), tf.int32), counts

    def compile(self, model: keras.Model, *, learning_rate: float | None = None) -> None:
        """Minimise the cross entropy of the states, in nats, by Adam at 1e-3."""
        model.compile(
            optimizer=keras.optimizers.Adam(learning_rate or 1e-3),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            weighted_metrics=["accuracy"],
        )

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure `frame_accuracy`, the share of right frames up to the ends of the recordings."""
        chosen, true, heard = _frames(outputs, examples)
        return {"frame_accuracy": float(np.mean((chosen == true)[heard]))}

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw spectrograms, and below each its states: what is true, what was said, what differs.

        States have colours; the last strip is white where the two differ.
        """
        chosen, true, heard = _frames(outputs, examples)
        colours = _colours(len(dataset.labels))
        tiles = []
        for row, sound in enumerate(examples["sound"][: 4 * _COLUMNS]):
            drawn = np.repeat(spectrogram(sound, dataset.sample_rate)[..., np.newaxis], 3, axis=-1)
            wrong = (chosen[row] != true[row]) & heard[row]
            strips = [colours[true[row]], colours[chosen[row]], np.repeat(wrong[:, None], 3, 1)]
            places = np.arange(drawn.shape[1]) * true.shape[1] // drawn.shape[1]
            below = [np.repeat(strip[np.newaxis, places], _STRIP, axis=0) for strip in strips]
            share = np.mean(wrong[heard[row]]) if heard[row].any() else 0.0
            tiles.append(Tile(np.concatenate([drawn, *below]), f"{share:.0%} wrong", False))
        return gallery([Section("States: true, given, wrong", tiles)], columns=_COLUMNS)

    def metadata(self, dataset: Dataset, part: str = "model") -> dict[str, Any]:
        """Add the names of the states, and the samples a second."""
        return {
            **super().metadata(dataset, part),
            "labels": dataset.labels,
            "sample_rate": dataset.sample_rate,
        }

    def check_shape(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model with fewer outputs than the data has states."""
        super().check_shape(model, dataset)
        check_classes(model, dataset, "num_states")


def _middles(samples: int, frames: int) -> np.ndarray:
    """Give the sample in the middle of each frame."""
    return ((np.arange(frames) + 0.5) * samples / frames).astype(np.int32)


def _frames(
    outputs: Any, examples: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the chosen and the true state of each frame, and whether it is heard."""
    logits = single(outputs, examples)
    if logits.ndim != 3:
        raise ValueError(
            f"States take logits (count, frames, states). Received: outputs of shape {logits.shape}"
        )
    middles = _middles(examples["sound"].shape[1], logits.shape[1])
    ends = np.array([end_of(sound) for sound in examples["sound"]])
    return logits.argmax(-1), examples["states"][:, middles], middles < ends[:, np.newaxis]


def _colours(count: int) -> np.ndarray:
    """Give a colour for each state, silence black, `(count, 3)` in [0, 1]."""
    hues = np.linspace(0, 1, max(count - 1, 1), endpoint=False)[:, np.newaxis]
    bright = np.abs((6 * hues + [0, 4, 2]) % 6 - 3) - 1
    return np.concatenate([np.zeros((1, 3)), np.clip(bright, 0, 1)])
