"""AutoGAN, whose generator was found by a search."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kerascnn.layers import SpectralNormalization
from kerascnn.models.projection_discriminator import judged_features
from kerascnn.models.residual_generator import ImageShape
from kerascnn.models.searched_cells import CIFAR_A, Cell, check_cells, searched_generator
from kerascnn.registry import Experiment, register
from kerascnn.training import GAN

_ADAM = {"learning_rate": 2e-4, "beta_1": 0.0, "beta_2": 0.9}
_SMALL = (Cell(), Cell(upsampling="bilinear", skips=(True,)))


@register(
    paper="https://arxiv.org/abs/1908.03835",
    tiny={
        "input_shape": (8, 8, 1),
        "latent_dim": 8,
        "filters": 8,
        "discriminator_filters": 8,
        "cells": _SMALL,
        "discriminator_steps": 1,
        "ema_decay": 0.5,
    },
    params=4_405_763,
    experiment=Experiment(
        data="digits",
        data_options={"size": 16},
        model_options={
            "filters": 32,
            "discriminator_filters": 32,
            "latent_dim": 32,
            "cells": _SMALL,
            "discriminator_steps": 1,
            "ema_decay": 0.99,
        },
        epochs=100,
        passes=("fdd <= 30", "cover >= 10", "entropy >= 0.9"),
    ),
)
def autogan(
    input_shape: ImageShape = (32, 32, 3),
    *,
    latent_dim: int = 128,
    filters: int = 256,
    discriminator_filters: int = 128,
    cells: Sequence[Sequence[Any]] = CIFAR_A,
    discriminator_steps: int = 5,
    ema_decay: float | None = 0.999,
) -> GAN:
    """Build AutoGAN: a generator of searched cells against a residual discriminator.

    The default cells are those found on CIFAR-10: no normalisation, skips from each cell to all
    later ones. Spectral normalisation in the discriminator, hinge losses, and an average of the
    generator that is deployed.

    Differs from the authors' code: the generator sees as many images a step as the discriminator,
    not twice as many.

    Args:
        input_shape: Height, width and channels of the images, in [-1, 1]; sides that halve once
            for each cell.
        latent_dim: Number of latent variables, standard normal.
        filters: Channels of the generator's maps.
        discriminator_filters: Channels of the discriminator's.
        cells: `(convolution, normalization, upsampling, shortcut, skips)` of each cell, as
            `kerascnn.models.searched_cells.Cell` names them.
        discriminator_steps: Updates of the discriminator for each of the generator.
        ema_decay: Decay of the average of the generator that is deployed, in (0, 1); None for none.

    Returns:
        A `GAN`; its deployable generator maps `(batch, latent_dim)` to images in [-1, 1] in
        float32.

    Raises:
        ValueError: If a cell has a choice that does not exist, the sides cannot be halved so often,
            or a number is out of its range.

    Example:
        >>> gan = autogan((32, 32, 3))
        >>> gan.compile()
        >>> gan.fit(images, epochs=20)

    Reference:
        https://arxiv.org/abs/1908.03835
    """
    made = check_cells(cells)
    if any(side % 2 ** len(made) for side in input_shape[:2]):
        raise ValueError(
            f"Sides are doubled by each of {len(made)} cells. "
            f"Received: input_shape={tuple(input_shape)}"
        )
    return GAN(
        searched_generator(input_shape, latent_dim, filters, made),
        residual_discriminator(input_shape, discriminator_filters),
        loss="hinge",
        discriminator_steps=discriminator_steps,
        optimizer={"class_name": "Adam", "config": _ADAM},
        ema_decay=ema_decay,
        name="autogan",
    )


def residual_discriminator(input_shape: ImageShape, filters: int) -> keras.Model:
    """Build the discriminator: four residual blocks, the first two of which halve the sides."""
    image = keras.Input(input_shape, name="image")
    features = judged_features(image, [filters] * 2, initializer="glorot_uniform", more=2)
    logit = layers.Dense(1, use_bias=False, name="logit_kernel", dtype="float32")
    x = SpectralNormalization(logit, name="logit", dtype="float32")(features)
    return keras.Model(image, x, name="discriminator")
