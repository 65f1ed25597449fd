"""Discriminators of residual blocks that look for the class in what they saw."""

import functools
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from kerascnn.layers import SpectralNormalization
from kerascnn.models.residual_generator import Attend, ImageShape, convolved


def projection_discriminator(
    input_shape: ImageShape,
    num_classes: int,
    widths: Sequence[int],
    *,
    initializer: str,
    **options: Any,
) -> keras.Model:
    """Build a discriminator that looks for the class in what it saw.

    The logit is a linear function of the features, plus their product with those of the class.

    Args:
        input_shape: Height, width and channels of the images.
        num_classes: Number of classes.
        widths: Channels of the blocks, as `judged_features` takes them.
        initializer: Initializer of the kernels.
        **options: What else `judged_features` takes.

    Returns:
        A model from `image` and `label`, one-hot, to logits `(batch, 1)`.
    """
    image = keras.Input(input_shape, name="image")
    label = keras.Input((num_classes,), name="label")
    features = judged_features(image, widths, initializer=initializer, **options)
    wanted = layers.Dense(
        widths[-1], use_bias=False, kernel_initializer=initializer, name="class_kernel"
    )
    seen = layers.Dense(1, kernel_initializer=initializer, name="logit_kernel", dtype="float32")
    logit = layers.Add(name="logit", dtype="float32")(
        [
            SpectralNormalization(seen, name="seen", dtype="float32")(features),
            layers.Dot(1, name="both")(
                [SpectralNormalization(wanted, name="class")(label), features]
            ),
        ]
    )
    return keras.Model({"image": image, "label": label}, logit, name="discriminator")


def judged_features(
    x: Any,
    widths: Sequence[int],
    *,
    initializer: str,
    attention: tuple[int, Attend] | None = None,
    more: int = 1,
) -> Any:
    """Look at images by residual blocks that halve the sides, and more behind them that do not.

    Args:
        x: Images.
        widths: Channels of what the halving blocks give, and the others as many as the last one.
        initializer: Initializer of the kernels, whose largest singular value is 1.
        attention: The side of maps, in pixels, and the layer that they go through.
        more: Number of blocks that do not halve the sides.

    Returns:
        The sums of all places, `(batch, channels)`.
    """
    for number, width in enumerate([*widths, *[widths[-1]] * more], 1):
        x = _down(x, width, f"block{number}", initializer, number <= len(widths))
        if attention and x.shape[1] == attention[0]:
            x = attention[1](x)
    return ops.sum(layers.ReLU(name="relu")(x), axis=(1, 2))


def _down(x, filters, name, initializer, halve):
    convolve = functools.partial(convolved, initializer=initializer)
    first, shortcut = x.shape[-1] <= 4, x
    y = x if first else layers.ReLU(name=f"{name}_relu1")(x)
    y = convolve(y, filters, 3, f"{name}_conv1")
    y = layers.ReLU(name=f"{name}_relu2")(y)
    y = convolve(y, filters, 3, f"{name}_conv2")
    if halve:
        y = layers.AveragePooling2D(2, name=f"{name}_pool")(y)
        shortcut = layers.AveragePooling2D(2, name=f"{name}_shortcut_pool")(shortcut)
    if halve or x.shape[-1] != filters:
        shortcut = convolve(shortcut, filters, 1, f"{name}_shortcut")
    return layers.Add(name=f"{name}_add")([shortcut, y])
