"""From a recording to what a model takes."""

from __future__ import annotations

import wave
from os import PathLike
from typing import Any, TypeAlias

import numpy as np

from ..description.metadata import Metadata
from ..errors import ModelError
from ..runtime.tensors import Array, TensorSpec

# The path of a .wav file, samples of shape (n,), or features of shape (frames, features).
Sound: TypeAlias = Any


def read_sound(path: str | PathLike[str]) -> tuple[Array, int]:
    """Read a .wav file of whole numbers, 8 to 32 bits each.

    Args:
        path: The file; several channels are averaged.

    Returns:
        Samples in [-1, 1), float32, of shape (n,), and how many there are a second, in Hz.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no such file, or is damaged.
    """
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            content = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"A sound is a .wav file of PCM. Received: {path} ({error})") from error
    whole = len(content) // (width * channels) * width * channels
    parts: Array = np.frombuffer(content, np.uint8, whole).reshape(-1, channels, width)
    if width == 1:  # the only unsigned one
        parts = parts ^ 0x80
    # The bytes become the highest of 32 bits, whose sign is then right for every width.
    words = np.zeros((*parts.shape[:2], 4), np.uint8)
    words[..., 4 - width :] = parts
    samples = words.view("<i4")[..., 0].mean(axis=1) / 2**31
    return samples.astype(np.float32), rate


def prepare_sound(sound: Sound, spec: TensorSpec, metadata: Metadata) -> tuple[Array, float]:
    """Make a batch of one out of a recording, for `Model.__call__`.

    Args:
        sound: The path of a .wav file, or an array of floats: samples (n,), or features
            (frames, features), as the model takes them.
        spec: The input, of shape (1, n) or (1, n, 1), or (1, frames, features).
        metadata: What the model says about its sound.

    Returns:
        The recording in the input's shape, float32, filled up with zeros; and its share of that.

    Raises:
        FileNotFoundError: If there is no such file.
        ModelError: If the model takes no sound.
        ValueError: If it is no recording, or one that the model doesn't take.
    """
    if len(spec.shape) < 2:
        raise ModelError(f"The model takes no sound, but {spec.name!r} of shape {spec.shape}.")
    if isinstance(sound, str | PathLike):
        path, (sound, rate) = sound, read_sound(sound)
        if metadata.sample_rate and rate != metadata.sample_rate:
            raise ValueError(
                f"The model takes {metadata.sample_rate:g} samples a second: convert the file. "
                f"Received: {path} with {rate}"
            )
    values = np.asarray(sound)
    if values.dtype.kind != "f" or not values.size or not np.isfinite(values).all():
        raise ValueError(
            "A sound is finite floats, at least one. "
            f"Received: {values.dtype} of shape {values.shape}"
        )
    length, *rest = spec.shape[1:]
    if values.ndim == 1 and rest == [1]:
        values = values[:, None]
    if list(values.shape[1:]) != rest or len(values) > length:
        raise ValueError(
            f"The model takes {spec.name!r} of shape {spec.shape[1:]}, or shorter; features are "
            f"computed as in the training. Received: shape={values.shape}"
        )
    batch = np.zeros((1, *spec.shape[1:]), np.float32)
    batch[0, : len(values)] = values
    return batch, len(values) / length
