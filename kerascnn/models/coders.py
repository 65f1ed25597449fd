"""Strided convolutions from an image to features, and from a code to an image."""

import math
from collections.abc import Sequence

import keras
from keras import layers


def shrink(image: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Describe images by the features of two strided convolutions.

    Args:
        image: Images, `(batch, height, width, channels)`.
        filters: Channels of the first convolution, doubled in the second.

    Returns:
        Features, `(batch, height / 4 * width / 4 * 2 * filters)`.
    """
    x = layers.Conv2D(filters, 3, 2, "same", activation="relu", name="conv1")(image)
    x = layers.Conv2D(2 * filters, 3, 2, "same", activation="relu", name="conv2")(x)
    return layers.Flatten(name="flatten")(x)


def grow(
    code: keras.KerasTensor, input_shape: Sequence[int], filters: int, activation: str = "sigmoid"
) -> keras.KerasTensor:
    """Draw images from codes by two transposed convolutions, the mirror image of `shrink`.

    Args:
        code: Codes, `(batch, units)`.
        input_shape: Height, width and channels of the images; sides divisible by 4.
        filters: Channels before the last convolution, doubled before the one that precedes it.
        activation: What gives the pixels.

    Returns:
        Images `(batch, height, width, channels)`, in float32.
    """
    height, width, channels = input_shape
    shape = (height // 4, width // 4, 2 * filters)
    x = layers.Dense(math.prod(shape), activation="relu", name="dense")(code)
    x = layers.Reshape(shape, name="reshape")(x)
    x = layers.Conv2DTranspose(filters, 3, 2, "same", activation="relu", name="conv1")(x)
    x = layers.Conv2DTranspose(channels, 3, 2, "same", name="conv2")(x)
    return layers.Activation(activation, name="image", dtype="float32")(x)


def gaussian(x: keras.KerasTensor, latent_dim: int) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Give the mean and the logarithm of the variance of latent variables, from features.

    Args:
        x: Features, `(batch, units)`.
        latent_dim: Number of latent variables.

    Returns:
        Both `(batch, latent_dim)`, in float32: likelihoods take the exponential of the logarithm.
    """
    mean = layers.Dense(latent_dim, name="mean", dtype="float32")(x)
    return mean, layers.Dense(latent_dim, name="log_var", dtype="float32")(x)


def check_sides(input_shape: Sequence[int]) -> None:
    """Refuse images that do not halve twice.

    Raises:
        ValueError: If a side is not divisible by 4.
    """
    if any(side % 4 for side in input_shape[:2]):
        raise ValueError(
            f"Sides must be divisible by 4. Received: input_shape={tuple(input_shape)}"
        )
