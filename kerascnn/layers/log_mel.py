"""Loudness of a sound in bands of the mel scale, by products of matrices."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class LogMel(keras.layers.Layer):
    """Gives the logarithm of the power in bands of the mel scale, frame after frame.

    Frames are weighted by a Hann window and multiplied by the matrix of the discrete Fourier
    transform, so that no runtime needs the fast one. A sine of amplitude 1 has a power of 1.

    Rounded to 8 bits, a power has 256 steps: what is far below the loudest is lost to the floor.

    Args:
        bands: Number of triangular bands, evenly spaced from 0 to half of `sample_rate` in mels.
        sample_rate: Samples a second, in Hz.
        window: Length of a frame, in seconds.
        hop: Time from one frame to the next, in seconds; no longer than a frame.
        floor: Power that is added before the logarithm.
        **kwargs: `name`, `dtype` and the like.

    Input shape:
        `(batch, samples)`, at least a frame of them, in [-1, 1].

    Output shape:
        `(batch, frames, bands)`, in nats.

    Raises:
        ValueError: If a number is not positive, or the sound is shorter than a frame.

    Example:
        >>> LogMel(40, sample_rate=8000)(keras.ops.zeros((1, 8000))).shape
        TensorShape([1, 99, 40])
    """

    def __init__(
        self,
        bands: int,
        *,
        sample_rate: int = 16_000,
        window: float = 0.02,
        hop: float = 0.01,
        floor: float = 1e-3,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        numbers = (bands, sample_rate, window, hop, floor)
        if min(numbers) <= 0 or hop > window or round(hop * sample_rate) < 1:
            raise ValueError(
                "Numbers must be positive, and a hop a sample at least and a frame at most. "
                f"Received: bands={bands}, sample_rate={sample_rate}, window={window}, hop={hop}, "
                f"floor={floor}"
            )
        self.bands = bands
        self.sample_rate = sample_rate
        self.window = window
        self.hop = hop
        self.floor = floor

    def build(self, input_shape):
        """Look at the length."""
        if len(input_shape) != 2 or self._frames(input_shape[1]) < 1:
            raise ValueError(
                f"A sound must have {self._length} samples at least, shape (batch, samples). "
                f"Received: input_shape={tuple(input_shape)}"
            )
        self.built = True

    def call(self, inputs):
        """Cut frames, transform, square, sum up the bands."""
        step, frames = self._step, self._frames(inputs.shape[1])
        hops = math.ceil(self._length / step)
        missing = (frames + hops - 1) * step - inputs.shape[1]
        x = ops.pad(inputs, [[0, 0], [0, missing]]) if missing > 0 else inputs
        parts = [x[:, start * step : (start + frames) * step] for start in range(hops)]
        parts = [ops.reshape(part, (-1, frames, step)) for part in parts]
        x = ops.concatenate(parts, axis=-1)[..., : self._length]  # (batch, frames, length)
        waves = ops.matmul(x, ops.cast(_waves(self._length), self.compute_dtype))
        filters = _filters(self.bands, self._length, self.sample_rate)
        power = ops.matmul(waves * waves, ops.cast(filters, self.compute_dtype))
        return ops.log(power + self.floor)

    def compute_output_shape(self, input_shape):
        """Count the frames."""
        return (input_shape[0], self._frames(input_shape[1]), self.bands)

    def get_config(self):
        """Describe the bands and the frames."""
        return {
            **super().get_config(),
            "bands": self.bands,
            "sample_rate": self.sample_rate,
            "window": self.window,
            "hop": self.hop,
            "floor": self.floor,
        }

    @property
    def _length(self):
        return round(self.window * self.sample_rate)

    @property
    def _step(self):
        return round(self.hop * self.sample_rate)

    def _frames(self, samples):
        return (samples - self._length) // self._step + 1


def _waves(length):
    """Give windowed cosines, then sines, `(length, 2 * (length // 2 + 1))`."""
    time = np.arange(length)[:, np.newaxis]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * time / length)
    angles = 2 * np.pi / length * time * np.arange(length // 2 + 1)
    waves = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    return (2 * hann / hann.sum() * waves).astype(np.float32)


def _filters(bands, length, sample_rate):
    """Give how much each squared wave counts for each band, `(2 * bins, bands)`."""
    frequencies = np.arange(length // 2 + 1) * sample_rate / length
    edges = np.linspace(0, _mel(sample_rate / 2), bands + 2)
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    mels = _mel(frequencies)[:, np.newaxis]
    rising, falling = (mels - low) / (middle - low), (high - mels) / (high - middle)
    weights = np.maximum(0, np.minimum(rising, falling))
    return np.concatenate([weights, weights]).astype(np.float32)


def _mel(frequency):
    return 2595 * np.log10(1 + np.asarray(frequency) / 700)
