"""Samples from a diagonal Gaussian by the reparameterisation trick."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class GaussianSampling(keras.layers.Layer):
    """Draws `mean + exp(log_var / 2) * noise` in training, and returns the mean at inference.

    The noise is standard normal and independent of the inputs, so gradients reach both. Without
    noise at inference an exported model is deterministic and needs no random operation.

    Args:
        seed: Seed of the noise; None for a different one each time.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `(mean, log_var)`, two tensors of the same shape, such as `(batch, latent_dim)`;
            `log_var` in nats.
        training: Whether to add noise.

    Output shape:
        The shape of the mean.

    Raises:
        ValueError: If the inputs are not two tensors of one shape.

    Example:
        >>> GaussianSampling()((keras.Input((20,)), keras.Input((20,)))).shape
        (None, 20)

    Reference:
        https://arxiv.org/abs/1312.6114
    """

    def __init__(self, *, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        """Look at the two shapes."""
        shapes = [tuple(shape) for shape in input_shape if isinstance(shape, (list, tuple))]
        if len(shapes) != 2 or shapes[0] != shapes[1]:
            raise ValueError(
                "GaussianSampling takes (mean, log_var), two tensors of the same shape. "
                f"Received: shapes={shapes}"
            )
        self.built = True

    def call(self, inputs, training=False):
        """Sample in training, else give the mean."""
        mean, log_var = inputs
        if not training:
            return mean
        noise = keras.random.normal(ops.shape(mean), dtype=mean.dtype, seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_var) * noise

    def compute_output_shape(self, input_shape):
        """Give the shape of the mean."""
        return tuple(input_shape[0])

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "seed": self.seed}
