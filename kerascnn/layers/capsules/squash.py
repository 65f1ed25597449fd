"""Capsules as vectors: the direction is what they say, the length how sure they are."""

from typing import Any

import keras
from keras import ops


def squash(x, axis: int = -1):
    """Shrink vectors to a length below 1 and keep their direction: `n^2 / (1 + n^2) * x / n`.

    Value and gradient at 0 are 0. Computed in float32 or wider.

    Args:
        x: Vectors, of any shape.
        axis: The axis along which they lie.

    Returns:
        Vectors of the shape and type of `x`, as long as `n^2 / (1 + n^2)` where `x` is `n` long.

    Example:
        >>> squash(keras.ops.array([3.0, 4.0])).numpy()
        array([0.5769231, 0.7692308], dtype=float32)

    Reference:
        https://arxiv.org/abs/1710.09829, eq. 1
    """
    wide = ops.cast(x, keras.backend.result_type(x.dtype, "float32"))
    direction, length = polar(wide, axis)
    # The two factors stay in [0, 1), so that eight bits hold them; n^2 would not.
    share = length * ops.rsqrt(1.0 + length * length)
    return ops.cast(direction * (share * share), x.dtype)


def polar(x, axis: int = -1):
    """Split vectors into direction and length; both are 0, with finite gradients, for zeros.

    Args:
        x: Vectors, of any shape, in float32 or wider.
        axis: The axis along which they lie.

    Returns:
        The unit vectors, of the shape of `x`, and the lengths, with an axis of size 1.

    Example:
        >>> [part.numpy() for part in polar(keras.ops.array([3.0, 4.0]))]
        [array([0.6, 0.8], dtype=float32), array([5.], dtype=float32)]
    """
    # TFLite has one operator for these four, also in int8; a root alone it would not quantize.
    direction = x * ops.rsqrt(ops.sum(ops.square(x), axis=axis, keepdims=True) + 1e-12)
    return direction, ops.sum(x * direction, axis=axis, keepdims=True)


@keras.saving.register_keras_serializable(package="kerascnn")
class CapsuleLength(keras.layers.Layer):
    """Gives the length of every capsule, the probability that what it stands for is there.

    The gradient at a capsule of zeros is 0.

    Args:
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `(batch, ..., capsules, dim)`.

    Output shape:
        `(batch, ..., capsules)`

    Example:
        >>> CapsuleLength()(keras.Input((10, 16))).shape
        (None, 10)

    Reference:
        https://arxiv.org/abs/1710.09829
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def call(self, inputs):
        """Measure the capsules."""
        wide = ops.cast(inputs, keras.backend.result_type(inputs.dtype, "float32"))
        return ops.cast(ops.squeeze(polar(wide)[1], axis=-1), inputs.dtype)

    def compute_output_shape(self, input_shape):
        """Give the shape without the capsules' dimensions."""
        return tuple(input_shape[:-1])
