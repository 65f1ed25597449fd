"""Layers that learn at one rate: the scale of their kernels is a constant, not a start value."""

import math
from typing import Any

import keras


@keras.saving.register_keras_serializable(package="kerascnn")
class EqualizedConv2D(keras.layers.Conv2D):
    """Convolves with `gain / sqrt(fan_in)` times its kernel, which starts standard normal.

    All kernels then have the same size, and an optimizer that takes steps of one size, such as
    Adam, moves them alike.

    Args:
        filters: Channels of the output.
        kernel_size: Sides of the kernel, in pixels.
        gain: Factor of the scale, above 0; the root of 2 before a rectifier.
        **kwargs: Those of `keras.layers.Conv2D`.

    Output shape:
        That of `keras.layers.Conv2D`.

    Raises:
        ValueError: If `gain` is not positive.

    Example:
        >>> EqualizedConv2D(8, 3, padding="same")(keras.Input((16, 16, 3))).shape
        (None, 16, 16, 8)

    Reference:
        https://arxiv.org/abs/1710.10196
    """

    def __init__(
        self, filters: int, kernel_size: Any, *, gain: float = math.sqrt(2), **kwargs: Any
    ) -> None:
        super().__init__(filters, kernel_size, **_standard_normal(kwargs))
        self.gain = _check(gain)

    def build(self, input_shape):
        """Create the kernel, and know its fan-in."""
        super().build(input_shape)
        self.scale = self.gain / math.sqrt(math.prod(self.kernel.shape[:-1]))

    def convolution_op(self, inputs, kernel):
        """Convolve with the scaled kernel."""
        return super().convolution_op(inputs, kernel * self.scale)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "gain": self.gain}


@keras.saving.register_keras_serializable(package="kerascnn")
class EqualizedDense(keras.layers.Dense):
    """Multiplies by `gain / sqrt(fan_in)` times its kernel, which starts standard normal.

    Args:
        units: Size of the output.
        gain: Factor of the scale, above 0; the root of 2 before a rectifier.
        **kwargs: Those of `keras.layers.Dense`.

    Output shape:
        `(batch, ..., units)`

    Raises:
        ValueError: If `gain` is not positive.

    Example:
        >>> EqualizedDense(8)(keras.Input((16,))).shape
        (None, 8)

    Reference:
        https://arxiv.org/abs/1710.10196
    """

    def __init__(self, units: int, *, gain: float = math.sqrt(2), **kwargs: Any) -> None:
        super().__init__(units, **_standard_normal(kwargs))
        self.gain = _check(gain)

    def build(self, input_shape):
        """Create the kernel, and know its fan-in."""
        super().build(input_shape)
        self.scale = self.gain / math.sqrt(input_shape[-1])

    def call(self, inputs, training=None):
        """Scale the inputs, which is the same and less work than the kernel."""
        return super().call(inputs * self.scale, training=training)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "gain": self.gain}


def _standard_normal(options: dict[str, Any]) -> dict[str, Any]:
    return {"kernel_initializer": keras.initializers.RandomNormal(stddev=1.0)} | options


def _check(gain: float) -> float:
    if gain <= 0:
        raise ValueError(f"The gain must be positive. Received: gain={gain}")
    return gain
