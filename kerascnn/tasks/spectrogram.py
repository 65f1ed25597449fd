"""Pictures of sounds, and where they end."""

from __future__ import annotations

import keras
import numpy as np

from kerascnn.layers import LogMel


def spectrogram(sound: np.ndarray, sample_rate: int) -> np.ndarray:
    """Draw the loudness over time, from left to right, and pitch, from bottom to top.

    Args:
        sound: `(samples,)` in [-1, 1].
        sample_rate: Samples a second, in Hz.

    Returns:
        `(bands, frames)` in [0, 1].
    """
    loudness = keras.ops.convert_to_numpy(LogMel(32, sample_rate=sample_rate)(sound[np.newaxis]))
    low, high = loudness.min(), loudness.max()
    return np.asarray(loudness[0].T[::-1] - low) / max(high - low, 1e-6)


def end_of(sound: np.ndarray) -> int:
    """Count the samples of a sound up to the zeros that fill it up.

    Args:
        sound: `(samples,)`.
    """
    return int(1 + max(np.flatnonzero(sound), default=0))
