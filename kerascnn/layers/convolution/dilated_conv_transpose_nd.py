"""Transposed convolution with strides and dilation together, for any number of axes."""

import math
from typing import Any

from keras import layers, ops

from kerascnn.layers.convolution.interleaving import crop, insert_zeros
from kerascnn.layers.convolution.scattering import ScatterAxis, dilate, scatter, scatter_dense
from kerascnn.layers.convolution.windows import per_axis


class DilatedConvTransposeND(layers.Layer):
    """Mixed into a transposed convolution of Keras, lets it have strides and dilation.

    With `g = gcd(strides, dilation_rate)` the sum is computed on every g-th output pixel, the only
    ones that are reached, and zeros are put between.
    """

    axes: int

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        *,
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        output_padding: int | tuple[int, ...] | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        **kwargs: Any,
    ) -> None:
        if padding not in ("valid", "same"):
            raise ValueError(f"padding is 'valid' or 'same'. Received: padding={padding!r}")
        (filters,) = per_axis("filters", filters, 1)
        kernel_size = per_axis("kernel_size", kernel_size, self.axes)
        strides = per_axis("strides", strides, self.axes)
        rates = per_axis("dilation_rate", dilation_rate, self.axes)
        own = {"strides": strides, "padding": padding, "output_padding": output_padding}
        super().__init__(filters, kernel_size, **own, **kwargs)
        # Set afterwards: Keras refuses it beside strides.
        self.dilation_rate = rates

    def call(self, inputs):
        """Add the kernel to the output at the place of every input."""
        if max(self.dilation_rate) == 1:
            return super().call(inputs)
        last = self.data_format == "channels_last"
        x = self._scatter(inputs if last else ops.moveaxis(inputs, 1, -1))
        if self.use_bias:
            x = x + self.bias
        if self.activation is not None:
            x = self.activation(x)
        return x if last else ops.moveaxis(x, -1, 1)

    def _scatter(self, x):
        axes, steps, places, surplus = [], [], [], []
        for i, (kernel, stride) in enumerate(zip(self.kernel_size, self.strides, strict=True)):
            rate = self.dilation_rate[i] if kernel > 1 else 1
            extent, cropped = self._extent(i)
            steps.append(math.gcd(stride, rate))
            skipped, kept = -(-cropped // steps[i]), -(-extent // steps[i])
            places.append(steps[i] * skipped - cropped)
            surplus.append((0, kept * steps[i] - extent))
            axes.append(ScatterAxis(kernel, stride // steps[i], rate // steps[i], skipped, kept))
        wide = math.prod(axis.stride for axis in axes) > math.prod(axis.rate for axis in axes)
        if wide and max(steps) == 1:
            kernel = dilate(self.kernel, self.dilation_rate)
            return ops.conv_transpose(
                x, kernel, self.strides, self.padding, self.output_padding, "channels_last"
            )
        y = (scatter_dense if wide else scatter)(x, self.kernel, axes)
        return crop(insert_zeros(y, steps, places), surplus)

    def _extent(self, i):
        """Give the pixels beyond `(side - 1) * strides`, and those cropped off the front."""
        window = self.dilation_rate[i] * (self.kernel_size[i] - 1) + 1
        extra = None if self.output_padding is None else self.output_padding[i]
        if self.padding == "valid":
            return max(window, self.strides[i]) if extra is None else window + extra, 0
        extent = self.strides[i] if extra is None else window % 2 + extra
        return extent, max(window - extent, 0) // 2
