"""The first layer of capsules with pose matrices."""

from typing import Any

import keras
from keras import layers

from kerascnn.layers.capsules.matrix_capsule import POSE


@keras.saving.register_keras_serializable(package="kerascnn")
class PrimaryMatrixCapsules(layers.Layer):
    """Turns every pixel's features into poses and activations by two 1x1 convolutions.

    Args:
        capsules: Capsules at each pixel, at least 1.
        kernel_initializer: Initializer of both kernels.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `(batch, height, width, channels)`.

    Output shape:
        Poses, `(batch, height, width, capsules, 16)`, each a 4x4 matrix in rows, and activations,
        `(batch, height, width, capsules)`, in [0, 1].

    Raises:
        ValueError: If the number of capsules is not positive, or the image's size unknown.

    Example:
        >>> poses, activations = PrimaryMatrixCapsules(32)(keras.Input((14, 14, 32)))
        >>> poses.shape, activations.shape
        ((None, 14, 14, 32, 16), (None, 14, 14, 32))

    Reference:
        https://openreview.net/forum?id=HJWLfGWRb
    """

    def __init__(
        self, capsules: int, *, kernel_initializer: Any = "glorot_uniform", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if capsules < 1:
            raise ValueError(f"Counts must be positive. Received: capsules={capsules}")
        self.capsules = capsules
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.poses = self._convolution("poses", capsules * POSE, None)
        self.activations = self._convolution("activations", capsules, "sigmoid")

    def build(self, input_shape):
        """Create the weights."""
        if None in input_shape[1:]:
            raise ValueError(
                "Matrix capsules take images of known size. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        self.poses.build(input_shape)
        self.activations.build(input_shape)
        self.matrices = layers.Reshape(
            (*input_shape[1:-1], self.capsules, POSE), name="matrices", dtype=self.dtype_policy
        )
        self.built = True

    def call(self, inputs):
        """Convolve twice."""
        return self.matrices(self.poses(inputs)), self.activations(inputs)

    def compute_output_shape(self, input_shape):
        """Give the shapes of poses and activations."""
        shape = (*input_shape[:-1], self.capsules)
        return (*shape, POSE), shape

    def get_config(self):
        """Describe the arguments."""
        initializer = keras.initializers.serialize(self.kernel_initializer)
        own = {"capsules": self.capsules, "kernel_initializer": initializer}
        return {**super().get_config(), **own}

    def _convolution(self, name, filters, activation):
        return layers.Conv2D(
            filters,
            1,
            activation=activation,
            # Two layers must not start with the same numbers.
            kernel_initializer=keras.initializers.get(
                keras.initializers.serialize(self.kernel_initializer)
            ),
            name=name,
            dtype=self.dtype_policy,
        )
