"""The first layer of capsules: a convolution whose channels are grouped into vectors."""

from typing import Any

import keras
from keras import layers

from kerascnn.layers.capsules.squash import squash

_OPTIONS = ("capsules", "dim", "kernel_size", "strides", "padding")


@keras.saving.register_keras_serializable(package="kerascnn")
class PrimaryCapsules(layers.Layer):
    """Convolves, takes every `dim` channels of a pixel for one capsule, and squashes it.

    Args:
        capsules: Capsules at each place, at least 1.
        dim: Components of a capsule, at least 1.
        kernel_size: Side of the kernel, in pixels.
        strides: Step of the kernel, in pixels.
        padding: `"valid"` or `"same"`.
        kernel_initializer: Initializer of the kernel.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `(batch, height, width, channels)`.

    Output shape:
        `(batch, places * capsules, dim)`; the places of the convolution's output in rows, the
        capsules of one place side by side.

    Raises:
        ValueError: If a count is not positive or the padding is unknown.

    Example:
        >>> PrimaryCapsules(32, 8)(keras.Input((20, 20, 256))).shape
        (None, 1152, 8)

    Reference:
        https://arxiv.org/abs/1710.09829
    """

    def __init__(
        self,
        capsules: int,
        dim: int,
        *,
        kernel_size: int = 9,
        strides: int = 2,
        padding: str = "valid",
        kernel_initializer: Any = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if min(capsules, dim, kernel_size, strides) < 1:
            raise ValueError(
                f"Counts must be positive. Received: capsules={capsules}, dim={dim}, "
                f"kernel_size={kernel_size}, strides={strides}"
            )
        if padding not in ("valid", "same"):
            raise ValueError(f"padding must be 'valid' or 'same'. Received: padding={padding!r}")
        self.capsules = capsules
        self.dim = dim
        self.kernel_size = kernel_size
        self.strides = strides
        self.padding = padding
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        own = {"dtype": self.dtype_policy}
        self.convolution = layers.Conv2D(
            capsules * dim,
            kernel_size,
            strides,
            padding,
            kernel_initializer=self.kernel_initializer,
            name="convolution",
            **own,
        )
        self.vectors = layers.Reshape((-1, dim), name="vectors", **own)

    def build(self, input_shape):
        """Create the weights."""
        self.convolution.build(input_shape)
        self.vectors.build(self.convolution.compute_output_shape(input_shape))
        self.built = True

    def call(self, inputs):
        """Give the squashed capsules."""
        return squash(self.vectors(self.convolution(inputs)))

    def compute_output_shape(self, input_shape):
        """Give the number of all capsules and their size."""
        return self.vectors.compute_output_shape(self.convolution.compute_output_shape(input_shape))

    def get_config(self):
        """Describe the arguments."""
        own = {name: getattr(self, name) for name in _OPTIONS}
        own["kernel_initializer"] = keras.initializers.serialize(self.kernel_initializer)
        return {**super().get_config(), **own}
