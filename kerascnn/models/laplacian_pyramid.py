"""Laplacian pyramids, and networks that draw and judge them level by level."""

from collections.abc import Sequence

import keras
from keras import layers, ops

from kerascnn.training.multi_scale_gan import halve


def pyramid(images, levels):
    """Take images apart: the smallest one, and for each further size how to get there.

    Args:
        images: `(batch, side, side, channels)`.
        levels: Number of sizes.

    Returns:
        `image8`, and for each further size `low16`, the image before enlarged, and `residual16`,
        which added to it is the image; sides in pixels in their names.
    """
    parts = {}
    for _ in range(levels - 1):
        size, images, before = images.shape[1], halve(images), images
        parts[f"low{size}"] = low = enlarge(images)
        parts[f"residual{size}"] = before - low
    return {f"image{images.shape[1]}": images, **parts}


def enlarge(images):
    """Double the sides of images, smoothly."""
    size = tuple(2 * side for side in images.shape[1:3])
    return ops.image.resize(images, size, interpolation="bilinear")


def pyramid_generator(
    sizes: Sequence[int], channels: int, latent_dim: int, units: int, filters: int
) -> keras.Model:
    """Chain a dense generator of the smallest images and convolutions that draw residuals.

    Args:
        sizes: Sides of the images in pixels, each twice the one before.
        channels: Channels of the images.
        latent_dim: Number of latent variables of the first level.
        units: Width of the dense layers.
        filters: Channels of the convolutions.

    Returns:
        A model from `latent8`, `latent16` and so on to images in float32, with models called
        `level8`, `level16` and so on inside.
    """
    first, *others = sizes
    dense = [layers.Dense(units, activation="relu") for _ in range(2)]
    pixels = [layers.Dense(first * first * channels), layers.Reshape((first, first, channels))]
    level = keras.Sequential([keras.Input((latent_dim,)), *dense, *pixels], name=f"level{first}")
    latents = [keras.Input((latent_dim,), name=f"latent{first}")]
    x = level(latents[0])
    for size in others:
        latents.append(keras.Input((size, size, 1), name=f"latent{size}"))
        low = layers.UpSampling2D(interpolation="bilinear", name=f"low{size}")(x)
        residual = _details(size, channels, filters)({"latent": latents[-1], "low": low})
        x = layers.Add(name=f"image{size}")([low, residual])
    x = layers.Activation("linear", name="image", dtype="float32")(x)
    return keras.Model({latent.name: latent for latent in latents}, x, name="generator")


def _details(size, channels, filters):
    inputs = {
        name: keras.Input((size, size, depth), name=name)
        for name, depth in (("latent", 1), ("low", channels))
    }
    x = layers.Concatenate()(list(inputs.values()))
    for _ in range(2):
        x = layers.Conv2D(filters, 7, padding="same", activation="relu")(x)
    return keras.Model(inputs, layers.Conv2D(channels, 5, padding="same")(x), name=f"level{size}")


def pyramid_discriminator(
    sizes: Sequence[int], channels: int, units: int, filters: int, dropout: float
) -> keras.Model:
    """Build a discriminator for each level.

    Args:
        sizes: Sides of the images in pixels.
        channels: Channels of the images.
        units: Width of the dense layers for the first level.
        filters: Channels of the convolutions for all others.
        dropout: Share of the units dropped in training.

    Returns:
        A model from what `pyramid` gives to a list of logits, `(batch, 1)`.
    """
    first, *others = sizes
    image = keras.Input((first, first, channels), name=f"image{first}")
    inputs, x = {image.name: image}, layers.Flatten()(image)
    for _ in range(2):
        x = layers.Dropout(dropout)(layers.Dense(units, activation="relu")(x))
    logits = [layers.Dense(1, dtype="float32")(x)]
    for size in others:
        low, residual = (
            keras.Input((size, size, channels), name=f"{name}{size}")
            for name in ("low", "residual")
        )
        inputs |= {low.name: low, residual.name: residual}
        x = layers.Add()([low, residual])
        for _ in range(2):
            x = layers.Conv2D(filters, 5, 2, "same", activation="relu")(x)
        logits.append(
            layers.Dense(1, dtype="float32")(layers.Dropout(dropout)(layers.Flatten()(x)))
        )
    return keras.Model(inputs, logits, name="discriminator")
