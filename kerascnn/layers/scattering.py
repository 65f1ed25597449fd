"""Transposed convolutions as sums over the inputs that reach an output."""

from collections.abc import Sequence
from typing import NamedTuple

from keras import ops

from kerascnn.layers.interleaving import crop, insert_zeros, interleave


class ScatterAxis(NamedTuple):
    """One axis of a transposed convolution: input `i` reaches output `stride * i + rate * k`.

    Args:
        kernel: Elements `k` of the kernel.
        stride: Outputs between two inputs.
        rate: Outputs between two elements of the kernel, without a common divisor with `stride`.
        skipped: Outputs to leave out at the front.
        blocks: The axis gets `(side - 1 + blocks) * stride` outputs after those.
    """

    kernel: int
    stride: int
    rate: int
    skipped: int
    blocks: int


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
        `(batch, (side_1 - 1 + blocks_1) * stride_1, ..., filters)`
    """
    spatial = list(range(len(axes)))
    return _interleaved(x, ops.swapaxes(ops.flip(kernel, spatial), -1, -2), axes, ())


def scatter_dense(x, kernel, axes: list[ScatterAxis]):
    """Compute a dilated transposed convolution with a kernel with zeros; see `scatter`.

    Quicker than `scatter` where the strides are larger than the rates: that takes a convolution
    for each pair of remainders.
    """
    y = ops.conv_transpose(
        x, dilate(kernel, [axis.rate for axis in axes]), [axis.stride for axis in axes]
    )
    margins = []
    for axis in axes:
        length = max((axis.kernel - 1) * axis.rate + 1, axis.stride)
        margins.append((axis.skipped, length - axis.skipped - axis.blocks * axis.stride))
    return crop(y, margins)


def dilate(kernel, rates: Sequence[int]):
    """Put `rate - 1` zeros between the elements of a kernel.

    Args:
        kernel: `(kernel_1, ..., filters, channels)`
        rates: Distance of neighbouring elements, one an axis.

    Returns:
        `((kernel_1 - 1) * rate_1 + 1, ..., filters, channels)`
    """
    *sides, filters, channels = kernel.shape
    flat = ops.reshape(kernel, (1, *sides, filters * channels))
    flat = insert_zeros(flat, rates, [0] * len(rates))
    flat = crop(flat, [(0, rate - 1) for rate in rates])
    return ops.reshape(flat, (*flat.shape[1:-1], filters, channels))


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
