"""Convolutions that may have strides and dilation at the same time."""

import keras
from keras import layers

from kerascnn.layers.convolution.dilated_conv_nd import DilatedConvND


@keras.saving.register_keras_serializable(package="kerascnn")
class DilatedConv2D(DilatedConvND):
    """Convolves with a kernel whose elements lie `dilation_rate` pixels apart, strided or not.

    `keras.layers.Conv2D`, which takes only one of `strides > 1` and `dilation_rate > 1`, with the
    same arguments and weights. With `g = gcd(strides, dilation_rate)` it computes on every g-th
    pixel, so strides and dilation of 2 cost what a plain convolution of a quarter of the pixels
    costs. Where strides and dilation have no common divisor, it costs what it would without
    strides. Each side becomes

        floor((side + padding - dilation_rate * (kernel_size - 1) - 1) / strides) + 1

    Args:
        filters: Output channels.
        kernel_size: Rows and columns of the kernel, one integer or two.
        strides: Pixels between two places of the kernel, one integer or two.
        padding: `"valid"` (none) or `"same"` (zeros such that a side becomes
            `ceil(side / strides)`); the latter with strides and dilation needs known sides.
        dilation_rate: Pixels between two elements of the kernel, one integer or two.
        **kwargs: Every other argument of `keras.layers.Conv2D`: `data_format`, `groups`,
            `activation`, `use_bias`, initializers, regularizers and constraints, `name`, `dtype`.

    Output shape:
        `(batch, new_height, new_width, filters)`

    Raises:
        ValueError: If an argument is out of range, or the kernel spans more than the image.

    Example:
        >>> DilatedConv2D(8, 3, strides=2, dilation_rate=2)(keras.Input((32, 32, 3))).shape
        (None, 14, 14, 8)

    Reference:
        https://arxiv.org/abs/1511.07122
    """

    kind = layers.Conv2D
    pooling = layers.MaxPooling2D
    rank = 2


@keras.saving.register_keras_serializable(package="kerascnn")
class DilatedConv1D(DilatedConvND):
    """Convolves a sequence with a dilated kernel, strided or not; see `DilatedConv2D`.

    Args:
        filters: Output channels.
        kernel_size: Elements of the kernel.
        strides: Steps between two places of the kernel.
        padding: `"valid"`, `"same"`, or `"causal"`: zeros in front only, so that no output depends
            on later inputs.
        dilation_rate: Steps between two elements of the kernel.
        **kwargs: Every other argument of `keras.layers.Conv1D`.

    Output shape:
        `(batch, new_steps, filters)`

    Raises:
        ValueError: If an argument is out of range, or the kernel spans more than the sequence.

    Example:
        >>> DilatedConv1D(8, 3, padding="causal", dilation_rate=4)(keras.Input((100, 2))).shape
        (None, 100, 8)

    Reference:
        https://arxiv.org/abs/1610.10099
    """

    kind = layers.Conv1D
    pooling = layers.MaxPooling1D
    rank = 1
