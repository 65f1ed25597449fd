"""One set of weights for all generators that a search can propose."""

import itertools
from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from kerascnn.models.generation.autogan import residual_discriminator
from kerascnn.models.searched_cells import (
    CONVOLUTIONS,
    NORMALIZATIONS,
    UPSAMPLINGS,
    Cell,
    searched_generator,
)
from kerascnn.training import GAN


class SharedGAN:
    """Trains whichever generator is proposed with weights that others of the same choices share.

    Args:
        channels: Channels of the images.
        latent_dim: Number of latent variables.
        filters: Channels of the generators' maps.
        discriminator_filters: Channels of the discriminators' maps.
        learning_rate: Step size of both players.
        start: Side of the first maps, in pixels.
    """

    def __init__(
        self,
        channels: int,
        *,
        latent_dim: int = 128,
        filters: int = 256,
        discriminator_filters: int = 128,
        learning_rate: float = 2e-4,
        start: int = 4,
    ) -> None:
        self.channels = channels
        self.latent_dim = latent_dim
        self.filters = filters
        self.discriminator_filters = discriminator_filters
        self.learning_rate = learning_rate
        self.start = start
        self.layers: dict[str, layers.Layer] = {}

    def grow(self, stages: int) -> None:
        """Make the discriminator and all layers of generators with so many cells."""
        shape = self.shape(stages)
        self.discriminator = residual_discriminator(shape, self.discriminator_filters)
        everything = [
            self.generator([Cell(*kind, True, (True,) * number) for number in range(stages)])
            for kind in itertools.product(CONVOLUTIONS, NORMALIZATIONS, UPSAMPLINGS)
        ]
        weights = {id(one): one for model in everything for one in model.trainable_weights}
        self.optimizers = [
            keras.optimizers.Adam(self.learning_rate, beta_1=0.0, beta_2=0.9) for _ in range(2)
        ]
        self.optimizers[0].build(list(weights.values()))
        self.optimizers[1].build(self.discriminator.trainable_weights)

    def shape(self, stages: int) -> tuple[int, int, int]:
        """Give the shape of the images of generators with so many cells."""
        return (self.start * 2**stages, self.start * 2**stages, self.channels)

    def generator(self, cells: Sequence[Cell]) -> keras.Model:
        """Give a generator of these cells, with the shared weights."""

        def get(name, make):
            if name not in self.layers:
                self.layers[name] = make()
            return self.layers[name]

        shape = self.shape(len(cells))
        return searched_generator(shape, self.latent_dim, self.filters, cells, get)

    def train(self, cells: Sequence[Cell], images: np.ndarray) -> dict[str, float]:
        """Train the generator of these cells, and the discriminator, by one step.

        Args:
            cells: The cells.
            images: A batch of real images, in [-1, 1].

        Returns:
            The losses of both players.
        """
        gan = GAN(self.generator(cells), self.discriminator, loss="hinge")
        # Each proposal would be traced for a step alone.
        gan.compile(*self.optimizers, run_eagerly=True)
        return {name: float(value) for name, value in gan.train_step((images,)).items()}

    def draw(self, cells: Sequence[Cell], count: int) -> np.ndarray:
        """Draw images by the generator of these cells."""
        latents = np.random.default_rng(0).normal(size=(count, self.latent_dim))
        drawn = self.generator(cells)(latents.astype("float32"), training=False)
        return np.asarray(drawn)
