"""Noise that keeps logits away from where a sigmoid is neither 0 nor 1."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class UniformNoise(keras.layers.Layer):
    """Adds numbers between `-width / 2` and `width / 2` in training, and nothing at inference.

    On the logits of presences it favours presences of 0 and 1, which noise changes least.

    Args:
        width: Width of the interval, above 0.
        seed: Seed of the noise; None for a different one each time.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: Any shape.
        training: Whether to add noise.

    Output shape:
        The shape of the inputs.

    Raises:
        ValueError: If the width is not positive.

    Example:
        >>> UniformNoise()(keras.Input((40, 1))).shape
        (None, 40, 1)

    Reference:
        https://arxiv.org/abs/1906.06818 (the authors' code)
    """

    def __init__(self, width: float = 4.0, *, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not width > 0:
            raise ValueError(f"The width must be above 0. Received: width={width}")
        self.width = width
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs, training=False):
        """Add noise in training."""
        if not training:
            return inputs
        half, shape = self.width / 2, ops.shape(inputs)
        noise = keras.random.uniform(
            shape, -half, half, dtype=inputs.dtype, seed=self.seed_generator
        )
        return inputs + noise

    def compute_output_shape(self, input_shape):
        """Give the shape of the inputs."""
        return tuple(input_shape)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "width": self.width, "seed": self.seed}
