"""Training to undo what a model itself does to clean images."""

from typing import Any

import keras
from keras import ops

from kerascnn.layers import BicubicResampling
from kerascnn.training.networks import Networks
from kerascnn.training.noise import Noise


@keras.saving.register_keras_serializable(package="kerascnn")
class Restorer(Networks):
    """Trains a network to give back clean images that were shrunk, made noisy, or both.

    Training and evaluation take the clean images, `fit(images)`, and degrade them on the fly with
    other noise each time; the loss given to `compile` compares what is restored with what was
    clean. Calling the model restores images that are already degraded, as does the network,
    which is deployed.

    Args:
        network: Functional model from degraded images to restored ones.
        shrink: Divisor of the sides, by bicubic resampling, at least 1.
        noise: Standard deviation of the Gaussian noise, for images in [0, 1], at least 0.
        loss: The loss, its name or its configuration that the paper trains with. It becomes the
            attribute `default_loss`, for whoever calls `compile`.
        seed: Seed of the noise; None for a different one each time.
        **kwargs: `name`, `dtype` and the like.

    Raises:
        ValueError: If a number is out of its range.

    Example:
        >>> model = Restorer(network, noise=25 / 255)
        >>> model.compile("adam", loss="mean_squared_error")
        >>> model.fit(images, epochs=20)
        >>> restored = model.predict(noisy_images)

    Reference:
        https://arxiv.org/abs/1603.09056
    """

    def __init__(
        self,
        network: keras.Model,
        *,
        shrink: int = 1,
        noise: float = 0.0,
        loss: Any = "mean_squared_error",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if shrink < 1 or noise < 0:
            raise ValueError(
                "shrink must be at least 1 and noise at least 0. "
                f"Received: shrink={shrink}, noise={noise}"
            )
        self.network = network
        self.shrink = shrink
        self.noise = noise
        self.default_loss = keras.losses.get(loss)
        self.seed = seed
        self.random = Noise(seed)
        self.resampling = BicubicResampling(down=shrink, dtype="float32")
        self.built = True

    @property
    def deployable(self) -> keras.Model:
        """The network."""
        return self.network

    def degrade(self, images, noise=None):
        """Make of clean images what the network is to restore.

        Args:
            images: `(batch, height, width, channels)`, float32 in [0, 1].
            noise: Standard normal numbers of the shape of the degraded images; drawn when None.

        Returns:
            `(batch, height / shrink, width / shrink, channels)`, with noise not only in [0, 1].
        """
        if self.shrink > 1:
            images = self.resampling(images)
        if not self.noise:
            return images
        if noise is None:
            noise = self.random.normal(ops.shape(images))
        return images + self.noise * noise

    def call(self, inputs, training=None):
        """Restore degraded images."""
        return self.network(inputs, training=training)

    def train_step(self, data):
        """Train on images that are degraded before."""
        return super().train_step(self._pairs(data))

    def test_step(self, data):
        """Evaluate on images that are degraded before."""
        return super().test_step(self._pairs(data))

    def _pairs(self, data):
        """Give degraded and clean images, whatever targets there are."""
        clean, _, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        return self.degrade(ops.cast(clean, "float32")), clean, sample_weight
