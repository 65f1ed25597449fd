"""The residual unit: convolutions that learn what to add to their input."""

from typing import Any

import keras
from keras import layers, ops

_SHORTCUTS = ("identity", "projection", "zero_padding")
_OPTIONS = ("filters", "strides", "bottleneck", "shortcut", "use_bias", "momentum", "epsilon")


@keras.saving.register_keras_serializable(package="kerascnn")
class Residual(layers.Layer):
    """Adds a shortcut to the output of two or three convolutions: `activation(F(x) + S(x))`.

    `F` is two 3x3 convolutions, or as a bottleneck 1x1, 3x3 and 1x1 ones, the last of which has
    `4 * filters` channels; batch normalisation follows each, an activation all but the last.
    The first takes the strides. `S` is one of

    - `"identity"`: the input itself, which must have the shape of the output;
    - `"projection"`: a strided 1x1 convolution with batch normalisation;
    - `"zero_padding"`: the strided input with zero channels appended (the paper's option A).

    Args:
        filters: Channels of the convolutions, at least 1.
        strides: Step of the unit, in pixels.
        bottleneck: Use the three-convolution form.
        shortcut: `"identity"`, `"projection"` or `"zero_padding"`.
        activation: Activation inside `F` and after the sum.
        use_bias: Give the convolutions a bias, as Keras's ImageNet networks have it.
        momentum: Momentum of the moving statistics, in [0, 1).
        epsilon: What batch normalisation adds to the variance.
        **kwargs: `name`, `dtype` and the like.

    Output shape:
        `(batch, ceil(height / strides), ceil(width / strides), filters or 4 * filters)`

    Raises:
        ValueError: If an argument is out of range, or the shortcut cannot give the output's shape.

    Example:
        >>> Residual(8)(keras.Input((16, 16, 8))).shape
        (None, 16, 16, 8)

    Reference:
        https://arxiv.org/abs/1512.03385
    """

    def __init__(
        self,
        filters: int,
        *,
        strides: int = 1,
        bottleneck: bool = False,
        shortcut: str = "identity",
        activation: Any = "relu",
        use_bias: bool = False,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check(filters, strides, shortcut)
        self.filters = filters
        self.strides = strides
        self.bottleneck = bottleneck
        self.shortcut = shortcut
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias
        self.momentum = momentum
        self.epsilon = epsilon
        self.channels = 4 * filters if bottleneck else filters
        rows = [(filters, 3, strides), (filters, 3, 1)]
        if bottleneck:
            rows = [(filters, 1, strides), (filters, 3, 1), (self.channels, 1, 1)]
        self.convolutions = [self._convolution(f"conv{i}", *row) for i, row in enumerate(rows, 1)]
        self.normalizations = [self._normalization(f"bn{i}") for i, _ in enumerate(rows, 1)]
        own = {"dtype": self.dtype_policy}
        self.activations = [
            layers.Activation(self.activation, name=f"activation{i}", **own)
            for i, _ in enumerate(rows, 1)
        ]
        self.sum = layers.Add(name="sum", **own)
        if shortcut == "projection":
            self.projection = self._convolution("projection", self.channels, 1, strides)
            self.projection_normalization = self._normalization("projection_bn")
        if shortcut == "zero_padding":
            # A pooling window of one pixel takes every `strides`-th pixel, also in int8.
            self.subsampling = layers.MaxPooling2D(1, strides, name="subsampling", **own)

    def build(self, input_shape):
        """Create the weights, after a look at the channels."""
        missing = self.channels - input_shape[-1]
        possible = {"identity": missing == 0, "zero_padding": missing >= 0, "projection": True}
        if not possible[self.shortcut]:
            raise ValueError(
                f"Shortcut {self.shortcut!r} cannot give the unit's {self.channels} channels; "
                f"'projection' can. Received: input_shape={tuple(input_shape)}"
            )
        if self.shortcut == "projection":
            self.projection.build(input_shape)
            self.projection_normalization.build(self.compute_output_shape(input_shape))
        for convolution, normalization in zip(self.convolutions, self.normalizations, strict=True):
            convolution.build(input_shape)
            input_shape = convolution.compute_output_shape(input_shape)
            normalization.build(input_shape)
        self.built = True

    def call(self, inputs):
        """Add the shortcut to the convolved inputs."""
        x, last = inputs, len(self.convolutions) - 1
        for i, convolution in enumerate(self.convolutions):
            x = self.normalizations[i](convolution(x))
            x = self.activations[i](x if i < last else self.sum([self._shortcut(inputs), x]))
        return x

    def compute_output_shape(self, input_shape):
        """Give the shape of the sum."""
        return (*self.convolutions[0].compute_output_shape(input_shape)[:-1], self.channels)

    def get_config(self):
        """Describe the arguments."""
        own = {name: getattr(self, name) for name in _OPTIONS}
        own["activation"] = keras.activations.serialize(self.activation)
        return {**super().get_config(), **own}

    def _shortcut(self, x):
        if self.shortcut == "projection":
            return self.projection_normalization(self.projection(x))
        if self.shortcut == "zero_padding":
            missing = (0, self.channels - x.shape[-1])
            return ops.pad(self.subsampling(x), ((0, 0), (0, 0), (0, 0), missing))
        return x

    def _convolution(self, name, filters, size, strides):
        own = {"name": name, "dtype": self.dtype_policy, "use_bias": self.use_bias}
        return layers.Conv2D(filters, size, strides, "same", kernel_initializer="he_normal", **own)

    def _normalization(self, name):
        own = {"name": name, "dtype": self.dtype_policy}
        return layers.BatchNormalization(momentum=self.momentum, epsilon=self.epsilon, **own)


def _check(filters: int, strides: int, shortcut: str) -> None:
    if min(filters, strides) < 1:
        raise ValueError(f"Counts must be positive. Received: filters={filters}, strides={strides}")
    if shortcut not in _SHORTCUTS:
        raise ValueError(f"shortcut must be one of {_SHORTCUTS}. Received: shortcut={shortcut!r}")
    if shortcut == "identity" and strides != 1:
        raise ValueError(f"An identity shortcut needs strides=1. Received: strides={strides}")
