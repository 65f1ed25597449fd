"""A shortcut whose other way starts closed."""

import keras
from keras import layers


@keras.saving.register_keras_serializable(package="kerascnn")
class ResidualGain(layers.Layer):
    """Adds a tensor times a learned number, at the start 0, to another: `x + gamma * y`.

    Args:
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `[x, y]`, two tensors of one shape.

    Output shape:
        The shape of `x`.

    Example:
        >>> ResidualGain()([keras.Input((8,)), keras.Input((8,))]).shape
        (None, 8)
    """

    def build(self, input_shape):
        """Create the number."""
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros")
        self.built = True

    def call(self, inputs):
        """Add what was multiplied."""
        x, y = inputs
        return x + self.gamma * y

    def compute_output_shape(self, input_shape):
        """Give the shape of the sum."""
        return tuple(input_shape[0])
