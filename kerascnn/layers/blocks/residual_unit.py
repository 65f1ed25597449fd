"""What the residual units share: their arguments, their convolutions and the shortcuts."""

from typing import Any

import keras
from keras import layers, ops

_SHORTCUTS = ("identity", "projection", "zero_padding")
_OPTIONS = ("filters", "strides", "bottleneck", "shortcut", "use_bias", "momentum", "epsilon")


class ResidualUnit(layers.Layer):
    """Holds the layers of a residual unit; a subclass lists its convolutions and connects them."""

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
        rows = self.kernels()
        own = {"dtype": self.dtype_policy}
        self.convolutions = [self._convolution(f"conv{i}", **row) for i, row in enumerate(rows, 1)]
        self.normalizations = [self._normalization(f"bn{i}") for i, _ in enumerate(rows, 1)]
        self.activations = [
            layers.Activation(self.activation, name=f"activation{i}", **own)
            for i, _ in enumerate(rows, 1)
        ]
        self.sum = layers.Add(name="sum", **own)
        if shortcut == "projection":
            row = {"filters": self.channels, "kernel_size": 1, "use_bias": use_bias}
            self.projection = self._convolution("projection", **row)
        # A pooling window of one pixel takes every `strides`-th pixel, also in int8.
        self.subsampling = layers.MaxPooling2D(1, strides, name="subsampling", **own)

    def kernels(self) -> list[dict[str, Any]]:
        """List the arguments of the convolutions, from the input on."""
        raise NotImplementedError

    def check_channels(self, input_shape):
        """Refuse inputs from which the shortcut cannot make the unit's output."""
        missing = self.channels - input_shape[-1]
        possible = {"identity": missing == 0, "zero_padding": missing >= 0, "projection": True}
        if not possible[self.shortcut]:
            raise ValueError(
                f"Shortcut {self.shortcut!r} cannot give the unit's {self.channels} channels; "
                f"'projection' can. Received: input_shape={tuple(input_shape)}"
            )

    def unprojected(self, x):
        """Give the input itself, or strided and with zero channels appended."""
        if self.shortcut == "identity":
            return x
        missing = self.channels - x.shape[-1]
        x = self.subsampled(x)
        return ops.pad(x, ((0, 0), (0, 0), (0, 0), (0, missing))) if missing else x

    def subsampled(self, x):
        """Take every `strides`-th pixel: what a strided 1x1 convolution would read.

        In such a convolution's gradient TensorFlow 2.21 writes past its memory on a CPU when the
        last batch is an odd number smaller than the others.
        """
        return self.subsampling(x) if self.strides > 1 else x

    def compute_output_shape(self, input_shape):
        """Give the shape of the sum."""
        sides = (side and -(-side // self.strides) for side in input_shape[1:3])
        return (input_shape[0], *sides, self.channels)

    def get_config(self):
        """Describe the arguments."""
        own = {name: getattr(self, name) for name in _OPTIONS}
        own["activation"] = keras.activations.serialize(self.activation)
        return {**super().get_config(), **own}

    def _convolution(self, name, *, padding="same", **row):
        own = {"name": name, "dtype": self.dtype_policy, "kernel_initializer": "he_normal"}
        return layers.Conv2D(padding=padding, **row, **own)

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
