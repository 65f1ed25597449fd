"""Attention whose result is weighed by how well it answers the query."""

import math
from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="kerascnn")
class AttentionOnAttention(layers.Layer):
    """Attends, and lets through of the answer what a gate finds to fit the query.

    With the result `v` of scaled dot products of several heads, and the query `q`:
    `sigmoid(Wg [v, q] + bg) * (Wi [v, q] + bi)`.

    Args:
        num_heads: Number of heads, which divides the channels.
        project: Whether keys and values are projected here, as the query is.
        normalize: Whether the query that is compared with the keys is normalised first.
        **kwargs: `name`, `dtype` and the like.

    Input shape:
        Three tensors: queries `(batch, queries, channels)`, keys and values, both
        `(batch, places, channels)`.

    Output shape:
        `(batch, queries, channels)`.

    Raises:
        ValueError: If there is no head, or the heads do not divide the channels.

    Example:
        >>> x = keras.ops.ones((1, 5, 8))
        >>> AttentionOnAttention(2)([x, x, x]).shape
        TensorShape([1, 5, 8])

    Reference:
        https://arxiv.org/abs/1908.06954
    """

    def __init__(
        self, num_heads: int, *, project: bool = True, normalize: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if num_heads < 1:
            raise ValueError(f"num_heads must be at least 1. Received: num_heads={num_heads}")
        self.num_heads = num_heads
        self.project = project
        self.normalize = normalize

    def build(self, input_shape):
        """Create the projections and the gate."""
        query, _, value = input_shape
        channels = query[-1]
        if channels % self.num_heads or value[-1] != channels:
            raise ValueError(
                "Queries, keys and values must have the same channels, divisible by "
                f"num_heads={self.num_heads}. Received: input_shape={input_shape}"
            )
        names = ("query", "key", "value") if self.project else ("query",)
        self.projections = {name: self._dense(name, channels, query) for name in names}
        both = (*query[:-1], 2 * channels)
        self.information = self._dense("information", channels, both)
        self.gate = self._dense("gate", channels, both)
        if self.normalize:
            self.norm = layers.LayerNormalization(name="norm", dtype=self.dtype_policy)
            self.norm.build(query)
        self.built = True

    def call(self, inputs):
        """Attend, then weigh."""
        query, key, value = inputs
        compared = self.norm(query) if self.normalize else query
        heads = [
            self._heads(self.projections[name](x) if name in self.projections else x)
            for name, x in (("query", compared), ("key", key), ("value", value))
        ]
        both = ops.concatenate([self._attended(*heads), query], axis=-1)
        return ops.sigmoid(self.gate(both)) * self.information(both)

    def compute_output_shape(self, input_shape):
        """Give the shape of the queries."""
        return tuple(input_shape[0])

    def get_config(self):
        """Describe the arguments."""
        own = {name: getattr(self, name) for name in ("num_heads", "project", "normalize")}
        return {**super().get_config(), **own}

    def _heads(self, x):
        """Divide channels among heads, `(batch, heads, places, channels / heads)`."""
        places, channels = x.shape[1:]
        x = ops.reshape(x, (-1, places, self.num_heads, channels // self.num_heads))
        return ops.transpose(x, (0, 2, 1, 3))

    def _attended(self, query, key, value):
        scores = ops.matmul(query / math.sqrt(query.shape[-1]), ops.transpose(key, (0, 1, 3, 2)))
        x = ops.transpose(ops.matmul(ops.softmax(scores), value), (0, 2, 1, 3))
        return ops.reshape(x, (-1, x.shape[1], x.shape[2] * x.shape[3]))

    def _dense(self, name, units, shape):
        layer = layers.Dense(units, name=name, dtype=self.dtype_policy)
        layer.build(shape)
        return layer
