"""Transposed convolutions as sums over the inputs that reach an output."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from keras import ops

from kerascnn.layers.convolution.interleaving import crop, interleave


class ScatterAxis(NamedTuple):
    """One axis of a transposed convolution: input `i` reaches output `stride * i + rate * k`.

    Args:
        kernel: Elements `k` of the kernel.
        stride: Outputs between two inputs.
        rate: Outputs between two elements of the kernel, without a common divisor with `stride`.
        skipped: Outputs to leave out at the front.
        kept: The axis gets `(side - 1) * stride + kept` outputs after those.
    """

    kernel: int
    stride: int
    rate: int
    skipped: int
    kept: int

    @property
    def blocks(self) -> int:
        """Outputs of the remainder 0 beyond `side - 1`."""
        return -(-self.kept // self.stride)


def scatter(x, kernel, axes: list[ScatterAxis]):
    """Compute a dilated transposed convolution by ordinary convolutions.

    Of the outputs `0, 1, 2, ...`, those that leave the same remainder when divided by the stride
    are reached by the same elements of the kernel: they are one convolution without strides. No
    multiplication is wasted on a zero.

    Args:
        x: Image, `(batch, side_1, ..., channels)`.
        kernel: `(kernel_1, ..., filters, channels)`
        axes: What to compute on each axis.

    Returns:
        `(batch, (side_1 - 1) * stride_1 + kept_1, ..., filters)`
    """
    spatial = list(range(len(axes)))
    y = _interleaved(x, ops.swapaxes(ops.flip(kernel, spatial), -1, -2), axes, ())
    return crop(y, [(0, axis.blocks * axis.stride - axis.kept) for axis in axes])


def scatter_dense(x, kernel, axes: list[ScatterAxis]):
    """Compute a dilated transposed convolution with a kernel with zeros; see `scatter`.

    Quicker than `scatter` where the strides are larger than the rates: that takes a convolution
    for each pair of remainders.
    """
    spread = dilate(kernel, [axis.rate for axis in axes])
    strides = [axis.stride for axis in axes]
    windows = [(axis.kernel - 1) * axis.rate + 1 for axis in axes]
    sides = list(zip(windows, strides, strict=True))
    # What Keras leaves out and keeps.
    same = [(max(window - stride, 0) // 2, stride) for window, stride in sides]
    if [(axis.skipped, axis.kept) for axis in axes] == same:
        return ops.conv_transpose(x, spread, strides, "same")
    y = ops.conv_transpose(x, spread, strides)
    ends = [max(side) - axis.skipped - axis.kept for side, axis in zip(sides, axes, strict=True)]
    return crop(y, [(axis.skipped, end) for axis, end in zip(axes, ends, strict=True)])


def dilate(kernel, rates: Sequence[int]):
    """Put `rate - 1` zeros between the elements of a kernel.

    Args:
        kernel: `(kernel_1, ..., filters, channels)`
        rates: Distance of neighbouring elements, one an axis.

    Returns:
        `((kernel_1 - 1) * rate_1 + 1, ..., filters, channels)`
    """
    *sides, filters, channels = kernel.shape
    wide = [(side - 1) * rate + 1 for side, rate in zip(sides, rates, strict=True)]
    places = np.zeros(wide, bool)
    places[tuple(slice(None, None, rate) for rate in rates)] = True
    # A product with ones at the right places takes less time than to pad, reshape and cut.
    spread = np.eye(math.prod(sides))[np.cumsum(places) - 1] * places.reshape(-1, 1)
    elements = ops.reshape(kernel, (math.prod(sides), filters * channels))
    elements = ops.matmul(ops.cast(spread, elements.dtype), elements)
    return ops.reshape(elements, (*wide, filters, channels))


def _interleaved(x, kernel, axes, chosen):
    """Compute the outputs with these remainders on the first axes, and all on the others."""
    if None in chosen:
        return None
    if len(chosen) == len(axes):
        return _convolve(x, kernel, axes, chosen)
    remainders = _remainders(axes[len(chosen)])
    parts = [_interleaved(x, kernel, axes, (*chosen, taps)) for taps in remainders]
    return interleave(parts, len(chosen) + 1)


def _remainders(axis):
    """Give the elements of the flipped kernel that reach each remainder, and the margins."""
    for remainder in range(axis.stride):
        reached = [
            k
            for k in range(axis.kernel)
            if (k * axis.rate - axis.skipped - remainder) % axis.stride == 0
        ]
        if not reached:
            yield None
            continue
        # Output q of this remainder takes input q - first from the first such element.
        first = (reached[0] * axis.rate - axis.skipped - remainder) // axis.stride
        before = first + (len(reached) - 1) * axis.rate
        taps = slice(axis.kernel - 1 - reached[-1], axis.kernel - reached[0], axis.stride)
        yield taps, (before, axis.blocks - 1 - first)


def _convolve(x, kernel, axes, chosen):
    taps, around = zip(*chosen, strict=True)
    kernel = kernel[taps]
    totals = [axis.rate * (n - 1) for axis, n in zip(axes, kernel.shape, strict=False)]
    # "same" spares a pass over the image.
    same = list(around) == [(total // 2, total - total // 2) for total in totals]
    if not same:
        x = crop(x, [(-before, -after) for before, after in around])
    rates = [axis.rate for axis in axes]
    return ops.conv(x, kernel, padding="same" if same else "valid", dilation_rate=rates)
