"""AlexNet, the first deep convolutional network to win at ImageNet."""

from typing import Any

import keras
from keras import layers, ops

from kerascnn.layers import LocalResponseNormalization
from kerascnn.registry import Experiment, register

# name: channels, kernel size, whether there are groups, and what follows
_LAYERS = (
    ("conv1", 96, None, False, ("normalize", "pool")),
    ("conv2", 256, 5, True, ("normalize", "pool")),
    ("conv3", 384, 3, False, ()),
    ("conv4", 384, 3, True, ()),
    ("conv5", 256, 3, True, ("pool",)),
)


@register(
    paper="https://papers.nips.cc/paper/4824",
    tiny={
        "input_shape": (19, 19, 3),
        "num_classes": 10,
        "kernel_size": 5,
        "strides": 1,
        "width": 1 / 32,
        "units": 8,
    },
    params=60_965_224,
    experiment=Experiment(
        data="translated_digits",
        data_options={"noise": 0.1, "count": 4000},
        model_options={
            "kernel_size": 5,
            "strides": 1,
            "width": 1 / 8,
            "units": 128,
            "dropout": 0.25,
        },
        epochs=20,
        passes=("accuracy >= 0.85",),
    ),
)
def alexnet(
    input_shape: tuple[int, int, int] = (227, 227, 3),
    *,
    num_classes: int = 1000,
    kernel_size: int = 11,
    strides: int = 4,
    groups: int = 2,
    width: float = 1.0,
    units: int = 4096,
    activation: Any = "relu",
    normalize: bool = True,
    dropout: float = 0.5,
    classifier_activation: Any = "softmax",
) -> keras.Model:
    """Build AlexNet: five convolutions, overlapping maximum pools and three dense layers.

    The second, fourth and fifth convolution are split in groups, which the paper trained on two
    processors; the responses of the first two are normalised by those of neighbouring channels.

    Differs from the paper: weights start at He's scale, which suits every width, in place of a
    standard deviation of 0.01, and all biases at 0, not some at 1; a side of 227 pixels is what
    its 224 stand for.

    Args:
        input_shape: Height, width and channels; sides of at least 67 pixels, or of fewer where the
            first layer is changed.
        num_classes: Number of classes.
        kernel_size: Side of the first kernels, in pixels.
        strides: Pixels between two places of the first kernels.
        groups: Groups of the second, fourth and fifth convolution, 1 or 2.
        width: Factor for the channels of all convolutions, above 0.
        units: Width of the two hidden dense layers.
        activation: Activation of all layers but the last.
        normalize: Normalise by local responses.
        dropout: Share of the dense layers' outputs dropped in training, in [0, 1).
        classifier_activation: Activation of the last layer; None gives logits.

    Returns:
        A model from images `(batch, height, width, channels)` to probabilities
        `(batch, num_classes)` in float32.

    Raises:
        ValueError: If the image is too small, or there are more groups.

    Example:
        >>> alexnet().count_params()
        60965224

    Reference:
        https://papers.nips.cc/paper/4824
    """
    _check(input_shape, kernel_size, strides, groups)
    x = image = keras.Input(input_shape, name="image")
    hidden = {"activation": activation, "kernel_initializer": "he_normal"}
    for name, filters, side, grouped, steps in _LAYERS:
        x = _convolve(
            x,
            groups if grouped else 1,
            name,
            filters=max(1, round(filters * width / groups)) * groups,
            kernel_size=side or kernel_size,
            strides=1 if side else strides,
            padding="same" if side else "valid",
            **hidden,
        )
        if normalize and "normalize" in steps:
            x = LocalResponseNormalization(name=f"{name}_norm")(x)
        if "pool" in steps:
            x = layers.MaxPooling2D(3, 2, name=f"{name}_pool")(x)
    x = classify(x, num_classes, classifier_activation, units, dropout, hidden)
    return keras.Model(image, x, name="alexnet")


def classify(x, num_classes, activation, units, dropout, hidden):
    """Turn maps into scores `(batch, num_classes)` by the dense layers that ZFNet has as well."""
    x = layers.Flatten(name="flatten")(x)
    for name in ("fc6", "fc7"):
        x = layers.Dense(units, name=name, **hidden)(x)
        x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    head = {"activation": activation, "name": "predictions", "dtype": "float32"}
    return layers.Dense(num_classes, **head)(x)


def _convolve(x, groups, name, *, filters, **options):
    if groups == 1:
        return layers.Conv2D(filters, name=name, **options)(x)
    # Not `groups=` of Keras, which TensorFlow 2.21 cannot always train on CPUs: a check fails in
    # its pass for oneDNN, and the process ends.
    parts = [
        layers.Conv2D(filters // groups, name=f"{name}_group{number}", **options)(part)
        for number, part in enumerate(ops.split(x, groups, axis=-1), 1)
    ]
    return layers.Concatenate(name=name)(parts)


def _check(input_shape, kernel_size, strides, groups):
    if groups not in (1, 2):
        raise ValueError(f"groups must be 1 or 2. Received: groups={groups}")
    least = kernel_size + 14 * strides  # three pools of 3 pixels leave one of 15
    if min(input_shape[:2]) < least:
        raise ValueError(
            f"Sides must be at least {least} for kernels of {kernel_size} pixels at strides of "
            f"{strides}. Received: input_shape={tuple(input_shape)}"
        )
