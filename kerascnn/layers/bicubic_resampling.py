"""Enlarging and shrinking by bicubic convolution, as products of matrices."""

from typing import Any

import keras
from keras import ops

_REACH = 2.0  # pixels on each side that count for a new one


@keras.saving.register_keras_serializable(package="kerascnn")
class BicubicResampling(keras.layers.Layer):
    """Enlarges images `up` times and shrinks them `down` times, smoothly where they shrink.

    The kernel is Keys's with a = -1/2; next to the border the pixels there are share its weight.
    This is what `keras.ops.image.resize(interpolation="bicubic", antialias=True)` gives, by two
    products of matrices, which XLA and every TFLite runtime have.

    Args:
        up: Factor of the sides, at least 1.
        down: Divisor of the sides, at least 1.
        **kwargs: `name`, `dtype` and the like.

    Input shape:
        `(batch, height, width, channels)`; height and width may be None.

    Output shape:
        `(batch, height * up // down, width * up // down, channels)`.

    Raises:
        ValueError: If a number is below 1, or a side would not be whole.

    Example:
        >>> BicubicResampling(up=3)(keras.ops.ones((1, 4, 5, 3))).shape
        TensorShape([1, 12, 15, 3])

    Reference:
        Keys, Cubic convolution interpolation for digital image processing, 1981
    """

    def __init__(self, *, up: int = 1, down: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if up < 1 or down < 1:
            raise ValueError(f"up and down must be at least 1. Received: up={up}, down={down}")
        self.up = up
        self.down = down

    def build(self, input_shape):
        """Look at the sides."""
        if any(side and side * self.up % self.down for side in input_shape[1:3]):
            raise ValueError(
                f"Sides times {self.up} must be divisible by {self.down}. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        self.built = True

    def call(self, inputs):
        """Resample rows, then columns."""
        _, height, width, channels = ops.shape(inputs)
        rows, columns = self._weights(height), self._weights(width)
        x = ops.reshape(inputs, (-1, height, width * channels))
        x = ops.matmul(rows, x)
        x = ops.reshape(x, (-1, width, channels))  # (batch * rows, width, channels)
        x = ops.matmul(columns, x)
        sides = (side * self.up // self.down for side in (height, width))
        return ops.reshape(x, (-1, *sides, channels))

    def compute_output_shape(self, input_shape):
        """Scale the sides that are known."""
        batch, *sides, channels = input_shape
        return (batch, *(side and side * self.up // self.down for side in sides), channels)

    def get_config(self):
        """Describe the factors."""
        return {**super().get_config(), "up": self.up, "down": self.down}

    def _weights(self, side):
        """Give how much each pixel of a side counts for each new one, `(new side, side)`."""
        new = ops.cast(ops.arange(side * self.up // self.down), "float32")
        old = ops.cast(ops.arange(side), "float32")
        scale = min(1.0, self.up / self.down)  # shrinking takes a wider kernel
        places = (new + 0.5) * self.down / self.up - 0.5
        distance = scale * ops.abs(ops.expand_dims(places, 1) - old)
        weights = _keys(ops.minimum(distance, _REACH))
        return ops.cast(weights / ops.sum(weights, axis=1, keepdims=True), self.compute_dtype)


def _keys(x):
    """Weigh distances from 0 to 2 pixels."""
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((2.5 - 0.5 * x) * x - 4.0) * x + 2.0
    return ops.where(x < 1.0, near, far)
