"""Convolution with strides and dilation at the same time, for any number of axes."""

import math
from typing import Any

import keras
from keras import layers, ops

from kerascnn.layers.convolution.windows import output_size, per_axis, pixels_before

_OWN = ("activity_regularizer", "autocast", "dtype", "name", "trainable")
_OPTIONS = ("filters", "kernel_size", "strides", "padding", "dilation_rate")


class DilatedConvND(layers.Layer):
    """Takes the pixels that matter, convolves them in the inner Keras layer, takes the results.

    With `g = gcd(strides, dilation_rate)`, only every `g`-th pixel matters; on these the strides
    and the dilation rate are `g` times smaller. What is left of both has no common divisor: where
    both are still above 1, the convolution runs without strides and every n-th result is taken.
    """

    kind: type[layers.Layer]
    pooling: type[layers.Layer]
    rank: int

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        *,
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        dilation_rate: int | tuple[int, ...] = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{name: kwargs.pop(name) for name in _OWN if name in kwargs})
        paddings = ("valid", "same", "causal")[: 3 if self.rank == 1 else 2]
        if padding not in paddings:
            raise ValueError(f"padding must be one of {paddings}. Received: padding={padding!r}")
        (self.filters,) = per_axis("filters", filters, 1)
        self.kernel_size = per_axis("kernel_size", kernel_size, self.rank)
        self.strides = per_axis("strides", strides, self.rank)
        self.padding = padding
        self.dilation_rate = per_axis("dilation_rate", dilation_rate, self.rank)
        # Keras takes either.
        self.plain = 1 in (max(self.strides), max(self.dilation_rate))
        pairs = list(zip(self.strides, self.dilation_rate, strict=True))
        self.steps = (1,) * self.rank if self.plain else tuple(math.gcd(*pair) for pair in pairs)
        rests = [n // g for n, g in zip(self.strides, self.steps, strict=True)]
        rates = [n // g for n, g in zip(self.dilation_rate, self.steps, strict=True)]
        last_steps = (1,) * self.rank if 1 in (max(rests), max(rates)) else tuple(rests)
        own = {"name": "convolution", "dtype": self.dtype_policy, "dilation_rate": rates}
        own["strides"] = [n // g for n, g in zip(rests, last_steps, strict=True)]
        own["padding"] = padding if self.plain else "valid"
        self.convolution = self.kind(self.filters, self.kernel_size, **own, **kwargs)
        self.data_format = self.convolution.data_format
        self.first_axis = 1 if self.data_format == "channels_last" else 2
        self.pixels = self._take(self.steps, "pixels")
        self.results = self._take(last_steps, "results")

    def build(self, input_shape):
        """Create the weights, after a look at the sides."""
        self.compute_output_shape(input_shape)
        if not self.plain:
            self._all_margins(input_shape)
        shape = list(input_shape)
        shape[self.first_axis : self.first_axis + self.rank] = [None] * self.rank
        self.convolution.build(tuple(shape))
        self.built = True

    def call(self, inputs):
        """Convolve."""
        if self.plain:
            return self.convolution(inputs)
        starts, *around = zip(*self._all_margins(inputs.shape), strict=True)
        axes = slice(self.first_axis, self.first_axis + self.rank)
        x = inputs
        if any(starts):
            cuts = [slice(None)] * len(x.shape)
            cuts[axes] = [slice(start, None) for start in starts]
            x = x[tuple(cuts)]
        x = self.pixels(x)
        if any(map(any, around)):
            paddings = [(0, 0)] * len(x.shape)
            paddings[axes] = zip(*around, strict=True)
            x = ops.pad(x, paddings)
        return self.results(self.convolution(x))

    def compute_output_shape(self, input_shape):
        """Give the shape of the feature maps."""
        shape = list(input_shape)
        for axis, window in enumerate(self._windows(), self.first_axis):
            stride = self.strides[axis - self.first_axis]
            shape[axis] = output_size(input_shape[axis], window, stride, self.padding)
            if shape[axis] is not None and shape[axis] < 1:
                raise ValueError(
                    f"The kernel spans {window} pixels of an axis, more than the image has. "
                    f"Received: input_shape={tuple(input_shape)}"
                )
        shape[-1 if self.first_axis == 1 else 1] = self.filters
        return tuple(shape)

    def get_config(self):
        """Describe the arguments."""
        own = {name: getattr(self, name) for name in _OPTIONS}
        own["activity_regularizer"] = keras.regularizers.serialize(self.activity_regularizer)
        return {**self.convolution.get_config(), **super().get_config(), **own}

    def _windows(self):
        sizes = zip(self.kernel_size, self.dilation_rate, strict=True)
        return [rate * (kernel - 1) + 1 for kernel, rate in sizes]

    def _all_margins(self, shape):
        return [self._margins(i, shape[self.first_axis + i]) for i in range(self.rank)]

    def _margins(self, i, size):
        """Give the first pixel that matters, and the zeros around every step-th one from there."""
        step, stride, window = self.steps[i], self.strides[i], self._windows()[i]
        outside = pixels_before(size, window, stride, self.padding)
        start, before = -outside % step, -(-outside // step)
        if self.padding != "same":
            return start, before, 0
        end = (output_size(size, window, stride, "same") - 1) * stride + window - outside
        return start, before, max(0, -(-(end - max(size, start)) // step))

    def _take(self, steps, name):
        if max(steps) == 1:
            return layers.Identity(name=name, dtype=self.dtype_policy)
        # A pooling window of one pixel takes every n-th, also in int8, quicker than a slice.
        own = {"data_format": self.data_format, "name": name, "dtype": self.dtype_policy}
        return self.pooling(1, steps, **own)
