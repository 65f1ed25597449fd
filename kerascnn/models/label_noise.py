"""What GANs need that learn from labels of which some are wrong."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerascnn.models.residual_generator import ImageShape, conditional_generator, doubled
from kerascnn.training import GAN

_ADAM = {
    "class_name": "Adam",
    "config": {"learning_rate": 2e-4, "beta_1": 0.0, "beta_2": 0.9},
}


class LabelNoiseGAN(GAN):
    """Trains a generator of clean classes on noisy labels.

    Args:
        generator: Model from `latent` and `label` to images.
        discriminator: What the subclass says.
        transition: Probability of each noisy label given the clean one, a row for each of these.
        **kwargs: Further arguments of `GAN`; by default the losses are `"hinge"`, and the optimizer
            is that of the paper.

    Raises:
        ValueError: If a row does not add up to 1.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        transition: Sequence[Sequence[float]],
        **kwargs: Any,
    ) -> None:
        options = {"loss": "hinge", "optimizer": _ADAM, **kwargs}
        super().__init__(generator, discriminator, **options)
        rows = np.asarray(transition, "float32")
        if rows.ndim != 2 or (rows < 0).any() or not np.allclose(rows.sum(axis=1), 1, atol=1e-5):
            raise ValueError(f"Each row must add up to 1. Received: transition={transition}")
        self.transition = [list(row) for row in transition]

    def clean_labels(self, count):
        """Draw classes for generated images, all equally likely, `(count,)`."""
        classes = len(self.transition)
        return self._drawn(ops.full((count, classes), 1.0 / classes))

    def noisy_labels(self, clean):
        """Draw the labels that such classes would have in the data."""
        return self._drawn(ops.take(ops.array(self.transition, "float32"), clean, axis=0))

    def _drawn(self, shares):
        ends = ops.cumsum(shares, axis=-1)[:, :-1]
        points = self.noise.uniform((ops.shape(shares)[0], 1))
        return ops.sum(ops.cast(points >= ends, "int32"), axis=-1)


def transitions(num_classes: int, label_noise: float, wrong_label: str) -> list[list[float]]:
    """Give the probabilities of noisy labels, a row for each clean one.

    Args:
        num_classes: Number of classes.
        label_noise: Probability that a label is wrong, in [0, 1).
        wrong_label: `"any"` other class, all alike, or the `"next"`, the first after the last.

    Raises:
        ValueError: If an argument is out of its range.
    """
    if not 0 <= label_noise < 1 or wrong_label not in ("any", "next"):
        raise ValueError(
            'label_noise lies in [0, 1), and wrong_label is "any" or "next". '
            f"Received: label_noise={label_noise}, wrong_label={wrong_label!r}"
        )
    identity = np.eye(num_classes)
    wrong = np.roll(identity, 1, axis=1)
    if wrong_label == "any":
        wrong = (1 - identity) / max(num_classes - 1, 1)
    rows = (1 - label_noise) * identity + label_noise * wrong
    return [[float(share) for share in row] for row in rows]


def noise_free_generator(
    input_shape: ImageShape, num_classes: int, latent_dim: int, filters: int
) -> keras.Model:
    """Build the generator of SN-GAN, all blocks of which have the same number of channels."""
    widths = [filters] * len(doubled(input_shape, filters))
    return conditional_generator(
        input_shape, num_classes, latent_dim, widths, initializer="glorot_uniform", spectral=False
    )


def judging_widths(input_shape: ImageShape, filters: int) -> list[int]:
    """Give the channels of the blocks of SN-GAN's discriminator that halve the sides."""
    return [filters] * min(len(doubled(input_shape, filters)), 2)
