"""Batch normalisation whose gains and biases follow from a condition, such as a class."""

from typing import Any

import keras
from keras import layers, ops

from kerascnn.layers.normalization.spectral import SpectralNormalization


@keras.saving.register_keras_serializable(package="kerascnn")
class ConditionalBatchNormalization(layers.Layer):
    """Normalises each channel over the batch, then scales and shifts it as the condition says.

    The gains are 1 plus one linear map of the condition and the biases another, both without a
    constant: a condition of zeros leaves plain normalisation, and of a one-hot class each row of
    the maps is what belongs to this class.

    Args:
        momentum: Momentum of the moving statistics, in [0, 1).
        epsilon: What is added to the variance.
        kernel_initializer: Initializer of both maps.
        spectral_normalization: Divide the maps by their largest singular value, as BigGAN does.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `[x, condition]`, shapes `(batch, ..., channels)` and `(batch, dim)`; the
            condition may be a one-hot class, or an embedding beside a part of the noise.
        training: Whether to normalise by the statistics of the batch.

    Output shape:
        The shape of `x`.

    Raises:
        ValueError: If an argument is out of range, or the inputs are not such a pair.

    Example:
        >>> ConditionalBatchNormalization()([keras.Input((8, 8, 4)), keras.Input((10,))]).shape
        (None, 8, 8, 4)

    Reference:
        https://arxiv.org/abs/1707.00683
    """

    def __init__(
        self,
        *,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        kernel_initializer: Any = "zeros",
        spectral_normalization: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0 <= momentum < 1 or epsilon <= 0:
            raise ValueError(
                "The momentum must lie in [0, 1), epsilon above 0. "
                f"Received: momentum={momentum}, epsilon={epsilon}"
            )
        self.momentum = momentum
        self.epsilon = epsilon
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.spectral_normalization = spectral_normalization
        self.normalization = layers.BatchNormalization(
            momentum=momentum,
            epsilon=epsilon,
            center=False,
            scale=False,
            name="normalization",
            dtype=self.dtype_policy,
        )

    def build(self, input_shape):
        """Create the two maps and the moving statistics."""
        shapes = [tuple(shape) for shape in input_shape if isinstance(shape, (list, tuple))]
        if len(shapes) != 2 or len(shapes[0]) < 2 or len(shapes[1]) != 2:
            raise ValueError(
                "Conditional normalisation takes [x, condition], the condition (batch, dim). "
                f"Received: shapes={shapes}"
            )
        shape, condition = shapes
        self.normalization.build(shape)
        # (batch, 1, ..., channels)
        row = (*(1 for _ in shape[1:-1]), shape[-1])
        self.gains, self.biases = (self._map(name, shape[-1]) for name in ("gains", "biases"))
        for each in (self.gains, self.biases):
            each.build(condition)
        self.reshape = layers.Reshape(row, name="reshape", dtype=self.dtype_policy)
        self.built = True

    def call(self, inputs, training=None):
        """Normalise, scale and shift."""
        x, condition = inputs
        x = self.normalization(x, training=training)
        gains, biases = (self.reshape(each(condition)) for each in (self.gains, self.biases))
        return ops.add(ops.multiply(x, ops.add(gains, 1)), biases)

    def compute_output_shape(self, input_shape):
        """Give the shape of what is normalised."""
        return tuple(input_shape[0])

    def get_config(self):
        """Describe the arguments."""
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "spectral_normalization": self.spectral_normalization,
        }

    def _map(self, name, channels):
        # One initializer would start both maps with the same numbers.
        initializer = self.kernel_initializer.clone()
        own = {"name": name, "dtype": self.dtype_policy}
        dense = layers.Dense(channels, use_bias=False, kernel_initializer=initializer, **own)
        return SpectralNormalization(dense, **own) if self.spectral_normalization else dense
