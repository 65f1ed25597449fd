"""Noise that makes pixels black or white."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class SaltAndPepper(keras.layers.Layer):
    """Makes a share of the pixels 0 or 1 in training, and changes nothing at inference.

    Each number is replaced independently with probability `rate`, by 0 or 1 with equal chances.

    Args:
        rate: Share of the pixels, in (0, 1].
        seed: Seed of the noise; None for a different one each time.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: Any shape, such as images in [0, 1].
        training: Whether to add noise.

    Output shape:
        The shape of the inputs.

    Raises:
        ValueError: If the rate is not in (0, 1].

    Example:
        >>> SaltAndPepper(0.1)(keras.Input((28, 28, 1))).shape
        (None, 28, 28, 1)

    Reference:
        https://arxiv.org/abs/1511.06406
    """

    def __init__(self, rate: float = 0.1, *, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 < rate <= 1:
            raise ValueError(f"The rate must be in (0, 1]. Received: rate={rate}")
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs, training=False):
        """Replace pixels in training."""
        if not training:
            return inputs
        # One number decides twice: below the rate a pixel is replaced, below its half by 0.
        drawn = keras.random.uniform(ops.shape(inputs), dtype="float32", seed=self.seed_generator)
        white = ops.cast(drawn >= self.rate / 2, inputs.dtype)
        return ops.where(drawn < self.rate, white, inputs)

    def compute_output_shape(self, input_shape):
        """Give the shape of the inputs."""
        return tuple(input_shape)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
