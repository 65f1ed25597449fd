"""Attention between the members of a set, whose order means nothing."""

from typing import Any

import keras
from keras import layers


@keras.saving.register_keras_serializable(package="kerascnn")
class SetAttentionBlock(layers.Layer):
    """Lets the members of a set look at each other: `h + MLP(h)` with `h = x + attention(x)`.

    Layer normalisation follows both sums; the MLP has one hidden layer of twice the width.
    Reordered inputs give equally reordered outputs.

    Args:
        heads: Attention heads, at least 1; they share the width of the inputs.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `(batch, members, dim)`.

    Output shape:
        `(batch, members, dim)`

    Raises:
        ValueError: If the width is not divisible by the number of heads.

    Example:
        >>> SetAttentionBlock(heads=2)(keras.Input((40, 16))).shape
        (None, 40, 16)

    Reference:
        https://arxiv.org/abs/1810.00825, eq. 7
    """

    def __init__(self, *, heads: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if heads < 1:
            raise ValueError(f"Counts must be positive. Received: heads={heads}")
        self.heads = heads

    def build(self, input_shape):
        """Create the weights."""
        dim, own = input_shape[-1], {"dtype": self.dtype_policy}
        if dim % self.heads:
            raise ValueError(
                f"The width must be divisible by the heads. Received: heads={self.heads}, dim={dim}"
            )
        self.attention = layers.MultiHeadAttention(
            self.heads, dim // self.heads, name="attention", **own
        )
        self.attention.build(input_shape, input_shape)
        self.first = layers.Dense(2 * dim, "relu", name="first", **own)
        self.second = layers.Dense(dim, name="second", **own)
        self.normalizations = [layers.LayerNormalization(name=f"norm{i}", **own) for i in (1, 2)]
        self.first.build(input_shape)
        self.second.build((*input_shape[:-1], 2 * dim))
        for normalization in self.normalizations:
            normalization.build(input_shape)
        self.built = True

    def call(self, inputs):
        """Attend and transform."""
        x = self.normalizations[0](inputs + self.attention(inputs, inputs))
        return self.normalizations[1](x + self.second(self.first(x)))

    def compute_output_shape(self, input_shape):
        """Give the shape of the inputs."""
        return tuple(input_shape)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "heads": self.heads}
