"""Normalisation by the response of neighbouring channels."""

import math
from typing import Any

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable(package="kerascnn")
class LocalResponseNormalization(layers.Layer):
    """Divides each number by a power of the energy that it and its neighbour channels have.

    `y_c = x_c * (bias + alpha * sum_j x_j^2) ** -beta` over the `size` channels `j` around `c`, or
    as many of them as there are. `alpha` is not divided by `size`, as it is in some libraries. The
    sum is a 1x1 convolution with a constant kernel; powers that are multiples of 1/4 are products
    of inverse square roots, which integer arithmetic has on every device, others are `exp(log)`.

    Args:
        size: Channels to sum over, an odd number.
        bias: What is added to the sum, above 0.
        alpha: Weight of the sum, at least 0.
        beta: Power to divide by, above 0.
        **kwargs: `name`, `dtype` and the like.

    Output shape:
        The shape of the input, `(batch, height, width, channels)`.

    Raises:
        ValueError: If an argument is out of range, or the input is no image.

    Example:
        >>> LocalResponseNormalization()(keras.Input((27, 27, 96))).shape
        (None, 27, 27, 96)

    Reference:
        https://papers.nips.cc/paper/4824
    """

    def __init__(
        self,
        *,
        size: int = 5,
        bias: float = 2.0,
        alpha: float = 1e-4,
        beta: float = 0.75,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if size < 1 or size % 2 == 0:
            raise ValueError(f"A window needs a middle: size is odd. Received: size={size}")
        if bias <= 0 or alpha < 0 or beta <= 0:
            raise ValueError(
                "bias and beta must be positive, alpha not negative. "
                f"Received: bias={bias}, alpha={alpha}, beta={beta}"
            )
        self.size = size
        self.bias = bias
        self.alpha = alpha
        self.beta = beta

    def build(self, input_shape):
        """Find the neighbours of each channel."""
        if len(input_shape) != 4 or input_shape[-1] is None:
            raise ValueError(
                "The input must be (batch, height, width, channels). "
                f"Received: input_shape={tuple(input_shape)}"
            )
        channels = np.arange(input_shape[-1])
        near = np.abs(np.subtract.outer(channels, channels)) <= self.size // 2
        self.neighbours = self.alpha * near[np.newaxis, np.newaxis]
        self.built = True

    def call(self, inputs):
        """Normalise."""
        # Half precision ends at 65504, the square of 256.
        x = ops.cast(inputs, keras.backend.result_type(inputs.dtype, "float32"))
        neighbours = ops.convert_to_tensor(self.neighbours, x.dtype)
        energy = ops.conv(x * x, neighbours, padding="valid") + self.bias
        return ops.cast(x * _inverse_power(energy, self.beta), inputs.dtype)

    def compute_output_shape(self, input_shape):
        """Give the shape of the input."""
        return tuple(input_shape)

    def get_config(self):
        """Describe the arguments."""
        own = {"size": self.size, "bias": self.bias, "alpha": self.alpha, "beta": self.beta}
        return {**super().get_config(), **own}


def _inverse_power(x, exponent: float):
    """Give `x ** -exponent`."""
    quarters = 4 * exponent
    if not (float(quarters).is_integer() and quarters <= 8):
        return ops.exp(-exponent * ops.log(x))
    halves, quarter = divmod(int(quarters), 2)
    root = ops.rsqrt(x)
    factors = [root] * halves
    if quarter:
        factors.append(root * ops.rsqrt(root))
    return math.prod(factors[1:], start=factors[0])
