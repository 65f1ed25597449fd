"""Kernels that pass their input through, to start a stack of convolutions as the identity."""

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class IdentityKernel(keras.initializers.Initializer):
    """Starts a convolution of any width as the identity on `features` features.

    Input and output channels are cut into `features` groups. The middle of the kernel takes the
    sum of each group of `c` inputs, times `features / outputs`, to every output of the same group:

        k[t, a, b] = features / outputs    if t = 0 and floor(a features / inputs)
                                                      = floor(b features / outputs)
                     noise                 otherwise

    Layers that widen `features` channels and narrow them again are together the identity; between
    them, activations that leave numbers above 0 alone change nothing. `keras.initializers.Identity`
    knows matrices only.

    Args:
        features: Groups, which must divide both numbers of channels; None for the smaller of both.
        noise: Standard deviation of all other elements, in units of `features / outputs`. It
            makes the outputs of a group differ; without it they never do.
        seed: Seed of the noise; None for a different one each time.

    Raises:
        ValueError: If an argument is out of range, or the groups do not divide the channels.

    Example:
        >>> keras.layers.Conv2D(8, 3, padding="same", kernel_initializer=IdentityKernel())

    Reference:
        https://arxiv.org/abs/1511.07122, eq. 4 and 5
    """

    def __init__(self, *, features: int | None = None, noise: float = 0.0, seed: Any = None):
        if features is not None and features < 1:
            raise ValueError(f"There must be a feature. Received: features={features}")
        if noise < 0:
            raise ValueError(f"A standard deviation is not negative. Received: noise={noise}")
        self.features = features
        self.noise = noise
        self.seed = seed
        self.normal = keras.initializers.RandomNormal(stddev=1.0, seed=seed)

    def __call__(self, shape, dtype=None):
        """Give a kernel of shape `(..., inputs, outputs)`."""
        *sides, inputs, outputs = shape
        features = self.features or min(inputs, outputs)
        if inputs % features or outputs % features:
            raise ValueError(
                f"{features} features must divide the channels. Received: shape={tuple(shape)}"
            )
        groups = [np.arange(count) * features // count for count in (inputs, outputs)]
        chosen = np.zeros(shape, bool)
        chosen[tuple((side - 1) // 2 for side in sides)] = np.equal.outer(*groups)
        gain = features / outputs
        kernel = ops.convert_to_tensor(np.where(chosen, gain, 0.0), dtype)
        if self.noise == 0:
            return kernel
        return ops.where(chosen, kernel, gain * self.noise * self.normal(shape, dtype))

    def get_config(self):
        """Describe the arguments."""
        return {"features": self.features, "noise": self.noise, "seed": self.seed}
