"""The basic layer of a convolutional network: convolution, activation, pooling."""

from typing import Any

import keras
from keras import layers

from kerascnn.layers.convolution.chain import Chain
from kerascnn.layers.convolution.dilated_conv import DilatedConv2D
from kerascnn.layers.convolution.windows import per_axis

_POOLINGS = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}
_OWN = ("autocast", "dtype", "name", "trainable")
_CONVOLUTION = ("filters", "kernel_size", "strides", "padding", "dilation_rate")
_OPTIONS = (*_CONVOLUTION, "pooling", "pool_size", "pool_strides")


@keras.saving.register_keras_serializable(package="kerascnn")
class ConvBlock(Chain):
    """Convolves, normalises, activates and pools; the second and the last only if asked for.

    A side of `W` pixels becomes, by a kernel of `K` elements with dilation `D`, stride `S` and `P`
    zeros at each end, `floor((W + 2 P - D (K - 1) - 1) / S) + 1` pixels, and then, by pooling with
    a window of `F` pixels and stride `S`, `floor((W - F) / S) + 1`. The convolution has
    `K K channels / groups * filters + filters` parameters.

    Args:
        filters: Output channels.
        kernel_size: Rows and columns of the kernel, one integer or two.
        strides: Pixels between two places of the kernel, one integer or two.
        padding: `"valid"` (P = 0), `"same"` (a side becomes `ceil(W / S)`), or P itself.
        dilation_rate: Pixels between two elements of the kernel, one integer or two; also
            together with strides.
        normalization: None, `"batch"`, or a Keras layer, of which the block takes a copy.
        activation: Activation after that.
        pooling: None, `"max"` or `"average"`.
        pool_size: Rows and columns of the pooling window, one integer or two.
        pool_strides: Pixels between two places of that window; None for `pool_size`.
        **kwargs: Every other argument of `keras.layers.Conv2D`: `groups`, `use_bias`,
            initializers, regularizers and constraints, `name`, `dtype`.

    Output shape:
        `(batch, new_height, new_width, filters)`

    Raises:
        ValueError: If an argument is out of range, or a window is larger than the image.

    Example:
        >>> ConvBlock(6, 5, activation="tanh", pooling="average")(keras.Input((32, 32, 1))).shape
        (None, 14, 14, 6)

    Reference:
        https://doi.org/10.1109/5.726791
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        *,
        strides: int | tuple[int, int] = 1,
        padding: str | int = "valid",
        dilation_rate: int | tuple[int, int] = 1,
        normalization: Any = None,
        activation: Any = "relu",
        pooling: str | None = None,
        pool_size: int | tuple[int, int] = 2,
        pool_strides: int | tuple[int, int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{name: kwargs.pop(name) for name in _OWN if name in kwargs})
        _check(padding, normalization, pooling)
        (self.filters,) = per_axis("filters", filters, 1)
        self.kernel_size = per_axis("kernel_size", kernel_size, 2)
        self.strides = per_axis("strides", strides, 2)
        self.padding = padding
        self.dilation_rate = per_axis("dilation_rate", dilation_rate, 2)
        self.normalization = _copy(normalization)
        self.activation = keras.activations.get(activation)
        self.pooling = pooling
        self.pool_size = per_axis("pool_size", pool_size, 2)
        self.pool_strides = per_axis("pool_strides", pool_strides or pool_size, 2)
        self.convolution = self._convolution(kwargs)
        self.steps = list(self._steps())

    def get_config(self):
        """Describe the arguments."""
        own = {name: getattr(self, name) for name in _OPTIONS}
        own["normalization"] = keras.saving.serialize_keras_object(self.normalization)
        if isinstance(self.normalization, layers.Layer):
            # The copy in the next block is built there.
            own["normalization"].pop("build_config", None)
        own["activation"] = keras.activations.serialize(self.activation)
        return {**self.convolution.get_config(), **super().get_config(), **own}

    @classmethod
    def from_config(cls, config):
        """Create the block that a configuration describes."""
        normalization = keras.saving.deserialize_keras_object(config["normalization"])
        return cls(**{**config, "normalization": normalization})

    def _convolution(self, options):
        # The plain layer wherever it is enough.
        both = max(self.strides) > 1 and max(self.dilation_rate) > 1
        return (DilatedConv2D if both else layers.Conv2D)(
            self.filters,
            self.kernel_size,
            strides=self.strides,
            padding="valid" if isinstance(self.padding, int) else self.padding,
            dilation_rate=self.dilation_rate,
            **{**options, "name": "convolution", "dtype": self.dtype_policy},
        )

    def _steps(self):
        own = {"dtype": self.dtype_policy}
        images = {**own, "data_format": self.convolution.data_format}
        if isinstance(self.padding, int):
            yield layers.ZeroPadding2D(self.padding, name="padding", **images)
        yield self.convolution
        if self.normalization == "batch":
            axis = -1 if images["data_format"] == "channels_last" else 1
            yield layers.BatchNormalization(axis, name="normalization", **own)
        elif self.normalization is not None:
            yield self.normalization
        yield layers.Activation(self.activation, name="activation", **own)
        if self.pooling:
            kind = _POOLINGS[self.pooling]
            yield kind(self.pool_size, self.pool_strides, name="pooling", **images)


def _check(padding, normalization, pooling):
    if padding not in ("valid", "same") and not (isinstance(padding, int) and padding >= 0):
        raise ValueError(f"padding is 'valid', 'same' or pixels. Received: padding={padding!r}")
    if normalization not in (None, "batch") and not isinstance(normalization, layers.Layer):
        raise ValueError(
            f"Normalization is 'batch' or a layer. Received: normalization={normalization!r}"
        )
    if pooling not in (None, *_POOLINGS):
        raise ValueError(f"pooling is 'max', 'average' or None. Received: pooling={pooling!r}")


def _copy(layer):
    return layer.from_config(layer.get_config()) if isinstance(layer, layers.Layer) else layer
