"""The decoder that makes capsules describe what they see."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kerascnn.layers.capsules.mask import CapsuleMask


@keras.saving.register_keras_serializable(package="kerascnn")
class CapsuleDecoder(layers.Layer):
    """Reconstructs the image from one capsule: `CapsuleMask`, then dense layers.

    The hidden layers have ReLUs, the pixels a sigmoid. The paper adds 0.0005 times the sum of
    squared errors of an image to the margin loss.

    Args:
        image_shape: Height, width and channels of the image, in pixels.
        units: Sizes of the hidden layers.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: Capsules, `(batch, capsules, dim)`, or `[capsules, labels]` with the true ones
            marked by 1, `(batch, capsules)`.
        training: Whether to believe the labels; otherwise the longest capsule is decoded.

    Output shape:
        `(batch, *image_shape)`, values in [0, 1].

    Raises:
        ValueError: If a size is not positive.

    Example:
        >>> CapsuleDecoder((28, 28, 1))(keras.Input((10, 16))).shape
        (None, 28, 28, 1)

    Reference:
        https://arxiv.org/abs/1710.09829, section 4.1
    """

    def __init__(
        self, image_shape: Sequence[int], *, units: Sequence[int] = (512, 1024), **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.image_shape = tuple(image_shape)
        self.units = tuple(units)
        if min(*self.image_shape, *self.units) < 1:
            raise ValueError(
                f"Sizes must be positive. Received: image_shape={image_shape}, units={units}"
            )
        own = {"dtype": self.dtype_policy}
        self.mask = CapsuleMask(name="mask", **own)
        self.flatten = layers.Flatten(name="flatten", **own)
        self.hidden = [
            layers.Dense(size, "relu", name=f"dense{i}", **own) for i, size in enumerate(units, 1)
        ]
        self.pixels = layers.Dense(math.prod(self.image_shape), "sigmoid", name="pixels", **own)
        self.image = layers.Reshape(self.image_shape, name="image", **own)

    def build(self, input_shape):
        """Create the weights."""
        self.mask.build(input_shape)
        shape = self.flatten.compute_output_shape(self.mask.compute_output_shape(input_shape))
        for layer in (*self.hidden, self.pixels):
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
        self.image.build(shape)
        self.built = True

    def call(self, inputs, training=False):
        """Decode the chosen capsule."""
        x = self.flatten(self.mask(inputs, training=training))
        for layer in (*self.hidden, self.pixels):
            x = layer(x)
        return self.image(x)

    def compute_output_shape(self, input_shape):
        """Give the shape of the image."""
        return (self.mask.compute_output_shape(input_shape)[0], *self.image_shape)

    def get_config(self):
        """Describe the arguments."""
        own = {"image_shape": list(self.image_shape), "units": list(self.units)}
        return {**super().get_config(), **own}
