"""What many generators and discriminators are made of."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

ADAM = {"class_name": "Adam", "config": {"learning_rate": 2e-4, "beta_1": 0.5}}


def normal() -> keras.initializers.Initializer:
    """Give the distribution at which kernels start."""
    return keras.initializers.RandomNormal(stddev=0.02)


def upsampled(x: Any, start: int, channels: int, widths: Sequence[int], kernel_size: int) -> Any:
    """Draw images of numbers by transposed convolutions, as DCGAN does.

    Args:
        x: `(batch, n)`.
        start: Side of the first maps, in pixels.
        channels: Channels of the images.
        widths: Channels of the maps, the one next to the image first.
        kernel_size: Side of the kernels, in pixels.

    Returns:
        Images in [-1, 1] in float32, whose side is doubled once for each width.
    """
    *inner, top = widths
    x = layers.Dense(start * start * top, kernel_initializer=normal(), name="project")(x)
    x = layers.Reshape((start, start, top), name="reshape")(x)
    for number, width in enumerate([*reversed(inner), channels]):
        x = layers.BatchNormalization(momentum=0.9, name=f"bn{number}")(x)
        x = layers.Activation("relu", name=f"relu{number}")(x)
        x = layers.Conv2DTranspose(
            width, kernel_size, 2, "same", kernel_initializer=normal(), name=f"up{number + 1}"
        )(x)
    return layers.Activation("tanh", name="image", dtype="float32")(x)


def downsampled(x: Any, widths: Sequence[int], kernel_size: int) -> Any:
    """Halve the sides of images by strided convolutions, the first one not normalised.

    Args:
        x: `(batch, height, width, channels)`.
        widths: Channels of the maps.
        kernel_size: Side of the kernels, in pixels.

    Returns:
        Maps of which each side is halved once for each width.
    """
    for number, width in enumerate(widths, 1):
        x = layers.Conv2D(
            width, kernel_size, 2, "same", kernel_initializer=normal(), name=f"down{number}"
        )(x)
        if number > 1:
            x = layers.BatchNormalization(momentum=0.9, name=f"bn{number}")(x)
        x = layers.LeakyReLU(0.2, name=f"leaky_relu{number}")(x)
    return x


def normalized(x: Any, name: str, activation: str | None = None) -> Any:
    """Normalise what a layer of this name gives, before an activation, a leaky ReLU if None."""
    x = layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
    label = f"{name}_activation"
    layer = layers.Activation(activation, name=label) if activation else None
    return (layer or layers.LeakyReLU(0.1, name=label))(x)


def halved(input_shape: Sequence[int]) -> tuple[int, int]:
    """Give the side of images at which a generator starts, at least 4, and how often it doubles.

    Raises:
        ValueError: If the sides differ or cannot be halved.
    """
    side, halvings = input_shape[0], 0
    while side % 2 == 0 and side >= 8:
        side, halvings = side // 2, halvings + 1
    if input_shape[0] != input_shape[1] or not halvings:
        raise ValueError(
            f"Sides must be equal, even and at least 8. Received: input_shape={tuple(input_shape)}"
        )
    return side, halvings
