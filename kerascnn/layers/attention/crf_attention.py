"""Attention to places, each of which is asked together with its neighbours."""

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="kerascnn")
class CRFAttention(layers.Layer):
    """Multiplies all channels of a pixel by how much it matters: `x * q`.

    `q` is one map in (0, 1), the mean field of a conditional random field whose pixels say that
    they matter or do not. A 3x3 convolution to one map, `u`, says it of each pixel alone, another
    convolution `k` passes it on to the neighbours, and every iteration uses the same `k`:
    `q_1 = sigmoid(k(u) + u)`, `q_t = sigmoid(k(q_{t-1}) + u)`.

    Args:
        kernel_size: Side of the window in which pixels are neighbours, in pixels.
        iterations: Steps of the mean field, at least 1.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `(batch, height, width, channels)`.

    Output shape:
        The shape of the input.

    Raises:
        ValueError: If an argument is not positive.

    Example:
        >>> CRFAttention()(keras.Input((64, 64, 256))).shape
        (None, 64, 64, 256)

    Reference:
        https://arxiv.org/abs/1702.07432
    """

    def __init__(self, *, kernel_size: int = 11, iterations: int = 3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if min(kernel_size, iterations) < 1:
            raise ValueError(
                "Windows need a pixel, and the mean field a step. "
                f"Received: kernel_size={kernel_size}, iterations={iterations}"
            )
        self.kernel_size = kernel_size
        self.iterations = iterations
        own = {"padding": "same", "dtype": self.dtype_policy}
        self.unary = layers.Conv2D(1, 3, name="unary", **own)
        self.pairwise = layers.Conv2D(1, kernel_size, name="pairwise", **own)

    def build(self, input_shape):
        """Create the weights."""
        self.unary.build(input_shape)
        self.pairwise.build((*input_shape[:-1], 1))
        self.built = True

    def call(self, inputs):
        """Multiply the pixels by their attention."""
        return inputs * self.attend(inputs)

    def attend(self, inputs):
        """Give the attention alone, `(batch, height, width, 1)` in (0, 1)."""
        attention = unary = self.unary(inputs)
        for _ in range(self.iterations):
            attention = ops.sigmoid(self.pairwise(attention) + unary)
        return attention

    def compute_output_shape(self, input_shape):
        """Give the shape of the input."""
        return tuple(input_shape)

    def get_config(self):
        """Describe the arguments."""
        own = {"kernel_size": self.kernel_size, "iterations": self.iterations}
        return {**super().get_config(), **own}
