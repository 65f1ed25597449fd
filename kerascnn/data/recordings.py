"""Reads recordings while training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile
import tensorflow as tf
from scipy.signal import resample_poly

from kerascnn.data.dataset import Dataset
from kerascnn.data.pictures import serve


def recorded(
    root: Path,
    columns: Mapping[str, np.ndarray],
    parts: Sequence[np.ndarray],
    *,
    labels: tuple[str, ...],
    seconds: float,
    sample_rate: int,
    source: str,
    licence: str,
) -> Dataset:
    """Make a data set of recordings that are read while training.

    Args:
        root: Their folder, which names the data set.
        columns: Arrays with the examples along the first axis; `sound` holds paths.
        parts: The indices of the training, validation and test examples.
        labels: Names of the tokens.
        seconds: How long every recording becomes.
        sample_rate: Samples a second, in Hz, to which every recording is resampled.
        source: Where the recordings come from.
        licence: The terms under which they may be used.
    """
    samples = round(seconds * sample_rate)
    return Dataset(
        name=root.resolve().name,
        source=source,
        licence=licence,
        labels=labels,
        shape=(samples,),
        **serve(columns, parts, _reader(sample_rate, samples), key="sound"),
        sample_rate=sample_rate,
    )


def resampled(sound: np.ndarray, rate: int, sample_rate: int) -> np.ndarray:
    """Give a sound of one rate, in Hz, at another one."""
    common = math.gcd(rate, sample_rate)
    return np.asarray(resample_poly(sound, sample_rate // common, rate // common))


def duration(file: Path) -> float:
    """Give how long a recording lasts, in seconds.

    Raises:
        ValueError: If the file is no recording.
    """
    try:
        return float(soundfile.info(file).duration)
    except soundfile.LibsndfileError as error:
        raise ValueError(
            f"A file must be a recording; repair or remove it. Received: {file} ({error})"
        ) from error


def check_recordings(sample_rate: int, seconds: float) -> None:
    """Refuse a rate or a length that no recording has."""
    if sample_rate < 1 or not 0 < seconds < math.inf:
        raise ValueError(
            "There must be samples in a second, and a time to record. "
            f"Received: sample_rate={sample_rate}, seconds={seconds}"
        )


def _reader(sample_rate: int, samples: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """Give a function from the path of a recording to its samples.

    Args:
        sample_rate: Samples a second, in Hz, to which every recording is resampled.
        samples: Samples of the result; zeros fill up what is shorter, and the rest is cut off.

    Returns:
        A function from a path, a string `()`, to float32 `(samples,)` in [-1, 1], the mean of all
        channels.
    """

    def load(file: bytes) -> np.ndarray:
        sound, rate = soundfile.read(file.decode(), dtype="float32", always_2d=True)
        heard = resampled(sound.mean(axis=1), rate, sample_rate)
        whole = np.zeros(samples, np.float32)
        whole[: len(heard)] = np.clip(heard, -1, 1)[:samples]
        return whole

    def read(file: tf.Tensor) -> tf.Tensor:
        sound = tf.numpy_function(load, [file], tf.float32)
        sound.set_shape((samples,))
        return sound

    return read
