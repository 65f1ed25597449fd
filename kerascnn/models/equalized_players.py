"""The generator of ProGAN, with an image of each size, and what its discriminator is made of."""

from typing import Any

import keras
from keras import layers

from kerascnn.layers import (
    EqualizedConv2D,
    EqualizedDense,
    MinibatchStandardDeviation,
    PixelNormalization,
)

START = 4  # side of the first maps, in pixels


def sizes(input_shape: tuple[int, int, int]) -> list[int]:
    """Give the sides of the images, the smallest first.

    Raises:
        ValueError: If the sides are not equal, or not 8, 16, 32, ...
    """
    side = input_shape[0]
    if side != input_shape[1] or side < 2 * START or side & (side - 1):
        raise ValueError(
            "Sides must be equal and a power of two, at least 8. "
            f"Received: input_shape={tuple(input_shape)}"
        )
    return [START * 2**level for level in range((side // START).bit_length())]


def width(size: int, filters: int, capacity: int) -> int:
    """Give the channels of maps of this side: at most `filters`, and `capacity` over the side."""
    return max(min(filters, capacity // size), 1)


def multi_scale_generator(
    input_shape: tuple[int, int, int], latent_dim: int, filters: int, capacity: int
) -> keras.Model:
    """Build a generator of convolutions with equalised rates and normalised pixels.

    Args:
        input_shape: Height, width and channels of the largest images.
        latent_dim: Number of latent variables.
        filters: The most channels of maps.
        capacity: Channels of maps times their side in pixels, where that is less.

    Returns:
        A model from `(batch, latent_dim)` to a list of images, the smallest first, in float32.
    """
    latent = keras.Input((latent_dim,), name="latent")
    x = PixelNormalization(name="unit")(latent)
    x = layers.Reshape((1, 1, latent_dim), name="reshape")(x)
    # A convolution that sees the one pixel at each of its places.
    x = layers.ZeroPadding2D(START - 1, name="pad")(x)
    images: list[Any] = []
    for size in sizes(input_shape):
        if images:
            x = layers.UpSampling2D(name=f"up{size}")(x)
        maps = width(size, filters, capacity)
        for name, kernel_size in (("conv1", 3 if images else START), ("conv2", 3)):
            padding = "same" if kernel_size == 3 else "valid"
            name = f"{name}_{size}"
            x = EqualizedConv2D(maps, kernel_size, padding=padding, name=name)(x)
            x = layers.LeakyReLU(0.2, name=f"{name}_activation")(x)
            x = PixelNormalization(name=f"{name}_norm")(x)
        colors = EqualizedConv2D(input_shape[-1], 1, gain=1.0, name=f"image{size}", dtype="float32")
        images.append(colors(x))
    return keras.Model(latent, images, name="generator")


def color(size: int, filters: int, capacity: int) -> keras.Sequential:
    """Make what turns images of this side into maps."""
    maps = EqualizedConv2D(width(size, filters, capacity), 1)
    return keras.Sequential([maps, layers.LeakyReLU(0.2)], name=f"color{size}")


def block(size: int, filters: int, capacity: int, *, deviation: bool = False) -> keras.Sequential:
    """Make what halves maps of this side; it may see how much the images of the batch differ."""
    seen = [MinibatchStandardDeviation()] if deviation else []
    convolved = [
        layer
        for maps in (width(size, filters, capacity), width(size // 2, filters, capacity))
        for layer in (EqualizedConv2D(maps, 3, padding="same"), layers.LeakyReLU(0.2))
    ]
    pool = layers.AveragePooling2D(2)
    return keras.Sequential([*seen, *convolved, pool], name=f"block{size}")


def judge(filters: int, capacity: int) -> keras.Sequential:
    """Make what gives the logits, `(batch, 1)` in float32, of the smallest maps."""
    return keras.Sequential(
        [
            MinibatchStandardDeviation(),
            EqualizedConv2D(width(START, filters, capacity), 3, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            EqualizedDense(width(START // 2, filters, capacity)),
            layers.LeakyReLU(0.2),
            EqualizedDense(1, gain=1.0, dtype="float32"),
        ],
        name="judge",
    )
