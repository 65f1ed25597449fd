"""Transposed convolutions that may have strides and dilation at the same time."""

import keras
from keras import layers

from kerascnn.layers.convolution.dilated_conv_transpose_nd import DilatedConvTransposeND


@keras.saving.register_keras_serializable(package="kerascnn")
class DilatedConv2DTranspose(DilatedConvTransposeND, layers.Conv2DTranspose):
    """Adds the kernel, its elements `dilation_rate` pixels apart, to the output for every input.

    `keras.layers.Conv2DTranspose` with the same arguments and weights, and the same output for
    dilation 1; there, dilation excludes strides, fails on CPUs and cannot be exported. With
    `g = gcd(strides, dilation_rate)` the output lies on every g-th pixel. It is computed there,
    as a convolution with the flipped kernel where no strides are left, and zeros are put between.
    It equals the transposed convolution with the kernel that has `dilation_rate - 1` zeros between
    its elements, and is that one where strides are left. Each side becomes

        side * strides                                                      for "same"
        (side - 1) * strides + dilation_rate * (kernel_size - 1) + 1        for "valid"

    (or `strides`, if larger, for the last two terms), and with `output_padding`

        (side - 1) * strides + window % 2 + output_padding                  for "same"
        (side - 1) * strides + window + output_padding                      for "valid"

    where `window = dilation_rate * (kernel_size - 1) + 1`.

    Args:
        filters: Output channels.
        kernel_size: Rows and columns of the kernel, one integer or two.
        strides: Output pixels between the places of two neighbouring inputs, one integer or two.
        padding: `"valid"` or `"same"`.
        output_padding: Pixels by which the output grows at its end, one integer or two, less than
            the strides; None for the first two formulas.
        dilation_rate: Output pixels between two elements of the kernel, one integer or two.
        **kwargs: Every other argument of `keras.layers.Conv2DTranspose`: `data_format`,
            `activation`, `use_bias`, initializers, regularizers and constraints, `name`, `dtype`.

    Output shape:
        `(batch, new_height, new_width, filters)`

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> layer = DilatedConv2DTranspose(8, 3, strides=2, padding="same", dilation_rate=2)
        >>> layer(keras.Input((16, 16, 3))).shape
        (None, 32, 32, 8)

    Reference:
        https://arxiv.org/abs/1603.07285
    """

    axes = 2


@keras.saving.register_keras_serializable(package="kerascnn")
class DilatedConv1DTranspose(DilatedConvTransposeND, layers.Conv1DTranspose):
    """Adds the dilated kernel to the output for every step; see `DilatedConv2DTranspose`.

    Args:
        filters: Output channels.
        kernel_size: Elements of the kernel.
        strides: Output steps between the places of two neighbouring inputs.
        padding: `"valid"` or `"same"`.
        output_padding: Steps by which the output grows at its end, less than the strides; None for
            the default length.
        dilation_rate: Output steps between two elements of the kernel.
        **kwargs: Every other argument of `keras.layers.Conv1DTranspose`.

    Output shape:
        `(batch, new_steps, filters)`

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> DilatedConv1DTranspose(8, 3, strides=2, dilation_rate=3)(keras.Input((10, 2))).shape
        (None, 25, 8)

    Reference:
        https://arxiv.org/abs/1603.07285
    """

    axes = 1
