"""ZFNet, AlexNet with the first layers that pictures of its features asked for."""

from typing import Any

import keras
from keras import layers

from kerascnn.layers import LocalResponseNormalization
from kerascnn.models.classification.alexnet import classify
from kerascnn.registry import Experiment, register


@register(
    paper="https://arxiv.org/abs/1311.2901",
    tiny={"input_shape": (21, 21, 3), "num_classes": 10, "strides": 1, "width": 1 / 64, "units": 8},
    params=62_357_608,
    experiment=Experiment(
        data="translated_digits",
        data_options={"noise": 0.1, "count": 4000},
        model_options={"strides": 1, "width": 1 / 8, "units": 128, "dropout": 0.25},
        epochs=20,
        passes=("accuracy >= 0.85",),
    ),
)
def zfnet(
    input_shape: tuple[int, int, int] = (224, 224, 3),
    *,
    num_classes: int = 1000,
    strides: int = 2,
    width: float = 1.0,
    units: int = 4096,
    activation: Any = "relu",
    max_rms: float = 0.1,
    dropout: float = 0.5,
    classifier_activation: Any = "softmax",
) -> keras.Model:
    """Build ZFNet: five convolutions, three maximum pools and three dense layers.

    Against AlexNet the first kernels shrink from 11 to 7 pixels, the first strides from 4 to 2,
    and convolutions have no groups. A kernel whose root mean square exceeds 0.1 is scaled back
    after each step, so that no feature of the first layer drowns the others.

    Differs from the paper: weights start at He's scale, which suits every width, in place of a
    standard deviation of 0.01.

    Args:
        input_shape: Height, width and channels; sides of at least 53 pixels, or of 21 with strides
            of 1.
        num_classes: Number of classes.
        strides: Pixels between two places of the kernels of the first two convolutions.
        width: Factor for the channels of all convolutions, above 0.
        units: Width of the two hidden dense layers.
        activation: Activation of all layers but the last.
        max_rms: Largest root mean square of a kernel of a convolution, above 0.
        dropout: Share of the dense layers' outputs dropped in training, in [0, 1).
        classifier_activation: Activation of the last layer; None gives logits.

    Returns:
        A model from images `(batch, height, width, channels)` to probabilities
        `(batch, num_classes)` in float32.

    Raises:
        ValueError: If the image is too small.

    Example:
        >>> zfnet().count_params()
        62357608

    Reference:
        https://arxiv.org/abs/1311.2901
    """
    _check(input_shape, strides)
    hidden = {"activation": activation, "kernel_initializer": "he_normal"}

    def convolve(x, name, filters, side, strides=1, padding="same"):
        largest = max_rms * (side * side * x.shape[-1]) ** 0.5
        return layers.Conv2D(
            max(1, round(filters * width)),
            side,
            strides,
            padding,
            kernel_constraint=keras.constraints.MaxNorm(largest, axis=(0, 1, 2)),
            name=name,
            **hidden,
        )(x)

    image = keras.Input(input_shape, name="image")
    x = layers.ZeroPadding2D(1, name="conv1_pad")(image)
    for name, filters, side in (("conv1", 96, 7), ("conv2", 256, 5)):
        x = convolve(x, name, filters, side, strides, "valid")
        x = layers.MaxPooling2D(3, 2, "same", name=f"{name}_pool")(x)
        x = LocalResponseNormalization(name=f"{name}_norm")(x)
    for name, filters in (("conv3", 384), ("conv4", 384), ("conv5", 256)):
        x = convolve(x, name, filters, 3)
    x = layers.MaxPooling2D(3, 2, name="conv5_pool")(x)
    x = classify(x, num_classes, classifier_activation, units, dropout, hidden)
    return keras.Model(image, x, name="zfnet")


def _check(input_shape, strides):
    least = 5 + 8 * strides * (strides + 1)  # three pixels are left for the last pool
    if min(input_shape[:2]) < least:
        raise ValueError(
            f"Sides must be at least {least} at strides of {strides}. "
            f"Received: input_shape={tuple(input_shape)}"
        )
