"""A summary of a set, whose order means nothing, by a fixed number of vectors."""

from typing import Any

import keras
from keras import layers, ops

from kerascnn.layers.attention.set_attention import SetAttentionBlock

_OPTIONS = ("outputs", "output_dim", "depth", "heads", "dim")


@keras.saving.register_keras_serializable(package="kerascnn")
class SetTransformer(layers.Layer):
    """Summarises a set of any order by a fixed number of vectors, such as object capsules.

    The members are mapped to `dim` numbers, pass through `SetAttentionBlock`s, are mapped to
    `output_dim` numbers, and are looked at by one learned query for each output.

    Args:
        outputs: Number of vectors, at least 1.
        output_dim: Components of a vector.
        depth: Number of blocks, at least 1.
        heads: Attention heads, at least 1.
        dim: Width of the blocks, divisible by `heads`.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `(batch, members, features)`.

    Output shape:
        `(batch, outputs, output_dim)`

    Raises:
        ValueError: If a count is not positive.

    Example:
        >>> SetTransformer(32)(keras.Input((40, 23))).shape
        (None, 32, 256)

    Reference:
        https://arxiv.org/abs/1906.06818 and https://arxiv.org/abs/1810.00825
    """

    def __init__(
        self,
        outputs: int,
        *,
        output_dim: int = 256,
        depth: int = 3,
        heads: int = 1,
        dim: int = 16,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if min(outputs, output_dim, depth, heads, dim) < 1 or dim % heads or output_dim % heads:
            raise ValueError(
                "Counts must be positive, and widths divisible by the heads. Received: "
                f"{outputs=}, {output_dim=}, {depth=}, {heads=}, {dim=}"
            )
        self.outputs = outputs
        self.output_dim = output_dim
        self.depth = depth
        self.heads = heads
        self.dim = dim
        own = {"dtype": self.dtype_policy}
        self.first = layers.Dense(dim, name="first", **own)
        self.blocks = [
            SetAttentionBlock(heads=heads, name=f"block{i}", **own) for i in range(1, depth + 1)
        ]
        self.last = layers.Dense(output_dim, name="last", **own)
        self.pooling = layers.MultiHeadAttention(heads, output_dim // heads, name="pooling", **own)

    def build(self, input_shape):
        """Create the weights."""
        self.first.build(input_shape)
        shape = (*input_shape[:-1], self.dim)
        for block in self.blocks:
            block.build(shape)
        self.last.build(shape)
        queries = (self.outputs, self.output_dim)
        self.queries = self.add_weight(name="queries", shape=queries, initializer="glorot_uniform")
        self.pooling.build((input_shape[0], *queries), (*input_shape[:-1], queries[1]))
        self.built = True

    def call(self, inputs):
        """Encode and pool."""
        x = self.first(inputs)
        for block in self.blocks:
            x = block(x)
        x = self.last(x)
        queries = ops.zeros_like(x[:, :1, :1]) + ops.cast(self.queries, x.dtype)
        return self.pooling(queries, x)

    def compute_output_shape(self, input_shape):
        """Give the shape of the outputs."""
        return (input_shape[0], self.outputs, self.output_dim)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), **{name: getattr(self, name) for name in _OPTIONS}}
