"""Kernels that interpolate, to start a transposed convolution as a bilinear enlargement."""

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class BilinearKernel(keras.initializers.Initializer):
    """Starts a transposed convolution as the bilinear enlargement of each channel by itself.

    A side of `n` elements enlarges by `s = ceil(n / 2)`, the strides to give the layer. Along
    each axis the kernel is a tent around its middle `c = (n - 1) / 2`:

        k[y, x, a, b] = (1 - |y - c| / s) (1 - |x - c| / s)    if a = b
                        0                                      otherwise

    With `2 * s` elements a constant map stays constant, but for the outputs at the border that lack
    a neighbour.

    Raises:
        ValueError: If there are not as many outputs as inputs.

    Example:
        >>> start = {"kernel_initializer": BilinearKernel(), "use_bias": False}
        >>> keras.layers.Conv2DTranspose(21, 4, strides=2, **start)

    Reference:
        https://arxiv.org/abs/1411.4038
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Give a kernel of shape `(..., outputs, inputs)`."""
        *sides, outputs, inputs = shape
        if outputs != inputs:
            raise ValueError(
                "Channels are enlarged one by one: there must be as many outputs as inputs. "
                f"Received: shape={tuple(shape)}"
            )
        kernel = np.eye(inputs)
        for side in reversed(sides):
            tent = 1 - np.abs(np.arange(side) - (side - 1) / 2) / ((side + 1) // 2)
            kernel = np.multiply.outer(tent, kernel)
        return ops.convert_to_tensor(kernel, dtype or keras.config.floatx())
