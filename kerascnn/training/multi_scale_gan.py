"""Generators that give their image at several sizes."""

from typing import Any

import keras

from kerascnn.training.adversarial import GAN


class MultiScaleGAN(GAN):
    """Trains a generator that gives its image at several sizes, and deploys it with the last one.

    Args:
        generator: Model from latent variables to images, each twice as large as the one before.
        discriminator: What the subclass says.
        **kwargs: Further arguments of `GAN`.
    """

    def __init__(self, generator: keras.Model, discriminator: keras.Model, **kwargs: Any) -> None:
        super().__init__(generator, discriminator, **kwargs)
        trained = super().drawer
        self.last = keras.Model(trained.input, trained.output[-1], name="generator")

    @property
    def drawer(self):
        """The generator to use after training, with its largest image alone."""
        return self.last

    @property
    def sizes(self) -> list[int]:
        """The sides of the images in pixels, the smallest first."""
        return [image.shape[1] for image in self.generator.output]


def halve(images):
    """Average each two by two pixels of images."""
    return keras.ops.average_pool(images, 2)


def double(images):
    """Repeat each pixel of images two by two times."""
    return keras.ops.repeat(keras.ops.repeat(images, 2, axis=1), 2, axis=2)
