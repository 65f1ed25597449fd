"""The convolutions of VGG, which many other networks begin with."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kerascnn.training.transfer import copy_by_name

VGG16 = (2, 2, 3, 3, 3)  # convolutions of each block
HIDDEN = {"activation": "relu", "kernel_initializer": "he_normal"}


def block_ends(x, blocks, filters, *, padding="valid", **options):
    """Apply blocks of 3x3 convolutions, with a halving between every two.

    A last odd row counts in a halving with `padding="same"`, not with `"valid"`; the options are
    further arguments of the convolutions. Gives the tensor at the end of each block.
    """
    ends = []
    for block, count in enumerate(blocks):
        if block:
            x = layers.MaxPooling2D(2, padding=padding, name=f"block{block}_pool")(x)
        for number in range(1, count + 1):
            x = layers.Conv2D(
                filters * 2 ** min(block, 3),
                3,
                padding="same",
                name=f"block{block + 1}_conv{number}",
                **options,
            )(x)
        ends.append(x)
    return ends


def load_vgg16(
    image: Any, features: Any, weights: str | None, blocks: Sequence[int], filters: int
) -> None:
    """Start the convolutions between two tensors with those of a trained VGG-16, if that is wanted.

    Args:
        image: The images.
        features: What the last convolution of the last block gives.
        weights: None, or `"imagenet"`.
        blocks: Convolutions of each block.
        filters: Channels of the first block.

    Raises:
        ValueError: If there are no such weights.
    """
    network = (tuple(blocks), filters, image.shape[-1])
    if weights and (weights != "imagenet" or network != (VGG16, 64, 3)):
        raise ValueError(
            "weights='imagenet' exist for the blocks of VGG-16 and 3 channels. "
            f"Received: weights={weights!r} for {network}"
        )
    if weights:
        copy_by_name(keras.applications.VGG16(include_top=False), keras.Model(image, features))
