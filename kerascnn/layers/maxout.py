"""The maximum over groups of units."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class Maxout(keras.layers.Layer):
    """Takes the maximum of every `pieces` neighbours along the last axis.

    Behind a dense layer or a convolution, it is a convex function that is learned: the maximum of
    linear ones.

    Args:
        pieces: Units of which one is left, at least 1.
        **kwargs: `name`, `dtype` and the like.

    Input shape:
        `(batch, ..., units * pieces)`.

    Output shape:
        `(batch, ..., units)`.

    Raises:
        ValueError: If the pieces are not positive, or do not divide the last axis.

    Example:
        >>> Maxout(5)(keras.layers.Dense(240 * 5)(keras.Input((784,)))).shape
        (None, 240)

    Reference:
        https://arxiv.org/abs/1302.4389
    """

    def __init__(self, pieces: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if pieces < 1:
            raise ValueError(f"pieces must be at least 1. Received: pieces={pieces}")
        self.pieces = pieces

    def build(self, input_shape):
        """Look at the last axis."""
        if input_shape[-1] % self.pieces:
            raise ValueError(
                f"The last axis must be divisible by {self.pieces}. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        self.built = True

    def call(self, inputs):
        """Take the maxima."""
        units = inputs.shape[-1] // self.pieces
        # The batch is what is left: the sides of an image may be unknown, as may the batch.
        rows = ops.reshape(inputs, (-1, units, self.pieces))
        shape = ops.shape(inputs)
        return ops.reshape(ops.max(rows, axis=-1), (-1, *shape[1:-1], units))

    def compute_output_shape(self, input_shape):
        """Divide the last axis."""
        return (*input_shape[:-1], input_shape[-1] // self.pieces)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "pieces": self.pieces}
