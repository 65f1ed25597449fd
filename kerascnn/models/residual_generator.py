"""Generators of residual blocks whose batch normalisation follows a condition."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers

from kerascnn.layers import ConditionalBatchNormalization, SpectralNormalization
from kerascnn.models.adversaries import halved

Attend = Callable[[Any], Any]
ImageShape = tuple[int, int, int]


def doubled(input_shape: ImageShape, filters: int) -> list[int]:
    """Give the channels of maps, those of the size of the images first, 16 times `filters` at most.

    Raises:
        ValueError: If the sides differ or cannot be halved.
    """
    _, halvings = halved(input_shape)
    return [filters * min(2**level, 16) for level in range(halvings)]


def conditional_generator(
    input_shape: ImageShape,
    num_classes: int,
    latent_dim: int,
    widths: Sequence[int],
    **options: Any,
) -> keras.Model:
    """Build a generator whose batch normalisations follow the class.

    Args:
        input_shape: Height, width and channels of the images.
        num_classes: Number of classes.
        latent_dim: Number of latent variables.
        widths: Channels of what each block gives, the one next to the image first.
        **options: What `drawn` takes besides.

    Returns:
        A model from `latent` and `label`, one-hot, to images in [-1, 1] in float32.
    """
    latent = keras.Input((latent_dim,), name="latent")
    label = keras.Input((num_classes,), name="label")
    image = drawn(latent, [label] * len(widths), input_shape, widths, **options)
    return keras.Model({"latent": latent, "label": label}, image, name="generator")


def drawn(
    x: Any,
    conditions: Sequence[Any],
    input_shape: ImageShape,
    widths: Sequence[int],
    *,
    initializer: str,
    attention: tuple[int, Attend] | None = None,
    spectral: bool = True,
    spectral_conditions: bool = False,
) -> Any:
    """Draw images of numbers by residual blocks that double the sides.

    Args:
        x: `(batch, n)`.
        conditions: What each block's normalisation follows, `(batch, dim)`, one for each.
        input_shape: Height, width and channels of the images.
        widths: Channels of what each block gives, the one next to the image first.
        initializer: Initializer of the kernels.
        attention: The side of maps, in pixels, and the layer that they go through.
        spectral: Whether the largest singular value of each kernel is 1.
        spectral_conditions: Whether that of the maps of the conditions is, too.

    Returns:
        Images in [-1, 1] in float32.
    """
    start = input_shape[0] // 2 ** len(widths)
    convolve = functools.partial(convolved, initializer=initializer, spectral=spectral)
    dense = layers.Dense(
        start * start * widths[-1], kernel_initializer=initializer, name="project_kernel"
    )
    x = SpectralNormalization(dense, name="project")(x) if spectral else dense(x)
    x = layers.Reshape((start, start, widths[-1]), name="reshape")(x)
    for number, (width, condition) in enumerate(zip(widths[::-1], conditions, strict=True), 1):
        name = f"block{number}"
        shortcut = layers.UpSampling2D(name=f"{name}_shortcut_up")(x)
        shortcut = convolve(shortcut, width, 1, f"{name}_shortcut")
        for step in (1, 2):
            x = ConditionalBatchNormalization(
                kernel_initializer=initializer if spectral_conditions else "zeros",
                spectral_normalization=spectral_conditions,
                name=f"{name}_norm{step}",
            )([x, condition])
            x = layers.ReLU(name=f"{name}_relu{step}")(x)
            if step == 1:
                x = layers.UpSampling2D(name=f"{name}_up")(x)
            x = convolve(x, width, 3, f"{name}_conv{step}")
        x = layers.Add(name=f"{name}_add")([shortcut, x])
        if attention and x.shape[1] == attention[0]:
            x = attention[1](x)
    x = layers.BatchNormalization(momentum=0.9, name="norm")(x)
    x = convolve(layers.ReLU(name="relu")(x), input_shape[-1], 3, "conv")
    return layers.Activation("tanh", name="image", dtype="float32")(x)


def convolved(
    x: Any, filters: int, kernel_size: int, name: str, *, initializer: str, spectral: bool = True
) -> Any:
    """Convolve, by default with a kernel whose largest singular value is 1."""
    options = {"kernel_initializer": initializer, "name": f"{name}_kernel" if spectral else name}
    layer = layers.Conv2D(filters, kernel_size, padding="same", **options)
    return SpectralNormalization(layer, name=name)(x) if spectral else layer(x)
