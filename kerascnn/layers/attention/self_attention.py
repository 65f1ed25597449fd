"""Attention between all places of an image."""

from typing import Any

import keras
from keras import layers, ops

from kerascnn.layers.attention.residual_gain import ResidualGain
from kerascnn.layers.normalization.spectral import SpectralNormalization

_OPTIONS = ("key_channels", "value_channels", "pool_size", "spectral_normalization")


@keras.saving.register_keras_serializable(package="kerascnn")
class SelfAttention2D(layers.Layer):
    """Adds to each pixel what it attends to in the whole image: `x + gamma * o`.

    Queries, keys and values are 1x1 convolutions of the input, keys and values max-pooled;
    `o = v(softmax(query . key) . value)` with another 1x1 convolution `v`, none with a bias.
    `gamma` is learned and starts at 0, where the layer is the identity.

    Args:
        key_channels: Channels of queries and keys; None for an eighth of the input's.
        value_channels: Channels of the values; None for half the input's.
        pool_size: Sides of the windows that keys and values are pooled over, in pixels; 1 for
            none. With 2 there are four times fewer keys than queries.
        spectral_normalization: Divide the kernels by their largest singular value, as the paper's
            networks do.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `(batch, height, width, channels)` with known height and width.

    Output shape:
        The shape of the input.

    Raises:
        ValueError: If an argument is not positive, or a side is unknown or below `pool_size`.

    Example:
        >>> SelfAttention2D()(keras.Input((32, 32, 64))).shape
        (None, 32, 32, 64)

    Reference:
        https://arxiv.org/abs/1805.08318
    """

    def __init__(
        self,
        *,
        key_channels: int | None = None,
        value_channels: int | None = None,
        pool_size: int = 2,
        spectral_normalization: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if any(count is not None and count < 1 for count in (key_channels, value_channels)):
            raise ValueError(
                "Channel counts must be positive. "
                f"Received: key_channels={key_channels}, value_channels={value_channels}"
            )
        if pool_size < 1:
            raise ValueError(f"Windows need a pixel. Received: pool_size={pool_size}")
        self.key_channels = key_channels
        self.value_channels = value_channels
        self.pool_size = pool_size
        self.spectral_normalization = spectral_normalization
        self.pool = layers.MaxPooling2D(pool_size, name="pool", dtype=self.dtype_policy)
        self.gain = ResidualGain(name="gain", dtype=self.dtype_policy)

    def build(self, input_shape):
        """Create the projections."""
        channels = input_shape[-1]
        if any(side is None or side < self.pool_size for side in input_shape[1:3]):
            raise ValueError(
                "Height and width must be known, and at least the pool's. "
                f"Received: input_shape={tuple(input_shape)} with pool_size={self.pool_size}"
            )
        narrow = self.key_channels or max(channels // 8, 1)
        wide = self.value_channels or max(channels // 2, 1)
        self.query = self._projection("query", narrow, input_shape)
        self.key = self._projection("key", narrow, input_shape)
        self.value = self._projection("value", wide, input_shape)
        self.projection = self._projection("projection", channels, (*input_shape[:-1], wide))
        self.gain.build([input_shape, input_shape])
        self.built = True

    def call(self, inputs):
        """Add what the pixels attend to."""
        query, key, value = self.query(inputs), self.key(inputs), self.value(inputs)
        if self.pool_size > 1:
            key, value = self.pool(key), self.pool(value)
        return self.gain([inputs, self.projection(self.attend(query, key, value))])

    def attend(self, query, key, value):
        """Average the values by the softmax of the products of query and keys.

        Args:
            query: `(batch, height, width, key_channels)`.
            key: `(batch, key_height, key_width, key_channels)`.
            value: `(batch, key_height, key_width, value_channels)`.

        Returns:
            The averages, `(batch, height, width, value_channels)`.
        """
        sides, channels = query.shape[1:3], value.shape[-1]
        # (batch, place, channels)
        query, key, value = (
            ops.reshape(x, (-1, x.shape[1] * x.shape[2], x.shape[3])) for x in (query, key, value)
        )
        weights = ops.softmax(ops.matmul(query, ops.transpose(key, (0, 2, 1))))
        return ops.reshape(ops.matmul(weights, value), (-1, *sides, channels))

    def compute_output_shape(self, input_shape):
        """Give the shape of the input."""
        return tuple(input_shape)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), **{name: getattr(self, name) for name in _OPTIONS}}

    def _projection(self, name, filters, input_shape):
        own = {"dtype": self.dtype_policy, "name": name}
        projection = layers.Conv2D(filters, 1, use_bias=False, **own)
        if self.spectral_normalization:
            projection = SpectralNormalization(projection, **own)
        projection.build(input_shape)
        return projection
