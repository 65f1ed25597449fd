"""Feature vectors of length 1, pixel by pixel."""

from typing import Any

import keras
from keras import layers, ops

_HALF = ("float16", "bfloat16")


@keras.saving.register_keras_serializable(package="kerascnn")
class PixelNormalization(layers.Layer):
    """Scales the channels of each pixel to a mean square of 1: `x / sqrt(mean(x^2) + epsilon)`.

    It has no weights, and computes in float32 also where it takes and gives float16, which has no
    such small epsilon.

    Args:
        epsilon: What is added to the mean square, above 0; it keeps a pixel of zeros at 0.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `(batch, ..., channels)`.

    Output shape:
        The shape of the input.

    Raises:
        ValueError: If `epsilon` is not positive.

    Example:
        >>> PixelNormalization()(keras.Input((4, 4, 512))).shape
        (None, 4, 4, 512)

    Reference:
        https://arxiv.org/abs/1710.10196
    """

    def __init__(self, *, epsilon: float = 1e-8, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if epsilon <= 0:
            raise ValueError(f"epsilon must be positive. Received: epsilon={epsilon}")
        self.epsilon = epsilon

    def build(self, input_shape):
        """Need nothing."""
        self.built = True

    def call(self, inputs):
        """Scale each pixel."""
        x = ops.cast(inputs, "float32") if self.compute_dtype in _HALF else inputs
        # x * x, not a square, and a product with rsqrt, not a quotient, stay integers in int8.
        x = x * ops.rsqrt(ops.mean(x * x, -1, keepdims=True) + self.epsilon)
        return ops.cast(x, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        """Give the shape of the input."""
        return tuple(input_shape)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "epsilon": self.epsilon}
