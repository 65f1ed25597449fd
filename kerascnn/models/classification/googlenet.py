"""GoogLeNet, nine Inception modules with auxiliary classifiers."""

from typing import Any

import keras
from keras import layers

from kerascnn.layers import Inception, LocalResponseNormalization
from kerascnn.registry import Experiment, register
from kerascnn.training import AuxiliaryClassifiers

# Each stage's modules: the 1x1, the 3x3 and the 5x5 convolution, what the last two are given, and
# what is left of the pool.
_STAGES = {
    "3": (((64, 128, 32), (96, 16), 32), ((128, 192, 96), (128, 32), 64)),
    "4": (
        ((192, 208, 48), (96, 16), 64),
        ((160, 224, 64), (112, 24), 64),
        ((128, 256, 64), (128, 24), 64),
        ((112, 288, 64), (144, 32), 64),
        ((256, 320, 128), (160, 32), 128),
    ),
    "5": (((256, 320, 128), (160, 32), 128), ((384, 384, 128), (192, 48), 128)),
}
_AUXILIARY = ("4a", "4d")


@register(
    paper="https://arxiv.org/abs/1409.4842",
    tiny={
        "input_shape": (16, 16, 3),
        "num_classes": 10,
        "blocks": (0, 1, 0),
        "width": 1 / 4,
        "normalize": False,
    },
    params=6_998_552,
    experiment=Experiment(
        data="translated_digits",
        data_options={"noise": 0.1, "count": 4000},
        model_options={"strides": 1, "blocks": (1, 1, 1), "width": 1 / 8, "normalize": False},
        epochs=20,
        passes=("accuracy >= 0.85",),
    ),
)
def googlenet(
    input_shape: tuple[int, int, int] = (224, 224, 3),
    *,
    num_classes: int = 1000,
    blocks: tuple[int, int, int] = (2, 5, 2),
    strides: int = 2,
    width: float = 1.0,
    normalize: bool = True,
    dropout: float = 0.4,
    classifier_activation: Any = "softmax",
) -> AuxiliaryClassifiers:
    """Build GoogLeNet: a stem, three stages of `Inception` modules and a linear classifier.

    In training, auxiliary classifiers behind the modules 4a and 4d, where there are these, have
    losses of weight 0.3; the deployable model has none.

    Differs from the paper: weights start at Glorot's scale, as the paper names none.

    Args:
        input_shape: Height, width and channels.
        num_classes: Number of classes.
        blocks: Modules of each of the three stages; at most 2, 5 and 2, at least one of the second.
        strides: Pixels between two places of the first kernels.
        width: Factor for the channels of all convolutions, above 0.
        normalize: Normalise the stem by local responses.
        dropout: Share of the features dropped before the classifier in training, in [0, 1).
        classifier_activation: Activation of the classifiers; None gives logits.

    Returns:
        A model from images `(batch, height, width, channels)` to probabilities
        `(batch, num_classes)` in float32, whose `deployable` is functional.

    Raises:
        ValueError: If the blocks are out of range.

    Example:
        >>> googlenet().deployable.count_params()
        6998552

    Reference:
        https://arxiv.org/abs/1409.4842
    """
    _check(blocks)
    head = {"activation": classifier_activation, "dtype": "float32"}
    image = keras.Input(input_shape, name="image")
    x = _stem(image, strides, width, normalize)
    auxiliary = []
    for (stage, modules), count in zip(_STAGES.items(), blocks, strict=True):
        for letter, (filters, reductions, pool_filters) in zip(
            "abcde"[:count], modules[:count], strict=True
        ):
            place = stage + letter
            x = Inception(
                _scale(width, *filters),
                reductions=_scale(width, *reductions),
                pool_filters=_scale(width, pool_filters)[0],
                name=f"inception_{place}",
            )(x)
            if place in _AUXILIARY:
                auxiliary.append(_auxiliary(x, num_classes, width, place, head))
        if stage != "5":
            x = layers.MaxPooling2D(3, 2, "same", name=f"pool{stage}")(x)
    x = layers.GlobalAveragePooling2D(name="pooling")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Dense(num_classes, name="predictions", **head)(x)
    network = keras.Model(image, [x, *auxiliary], name="network")
    return AuxiliaryClassifiers(network, weight=0.3, name="googlenet")


def _stem(x, strides, width, normalize):
    convolution = {"padding": "same", "activation": "relu"}
    first, second, third = _scale(width, 64, 64, 192)
    x = layers.Conv2D(first, 7, strides, name="conv1", **convolution)(x)
    x = layers.MaxPooling2D(3, 2, "same", name="pool1")(x)
    if normalize:
        x = LocalResponseNormalization(name="norm1")(x)
    x = layers.Conv2D(second, 1, name="conv2_reduction", **convolution)(x)
    x = layers.Conv2D(third, 3, name="conv2", **convolution)(x)
    if normalize:
        x = LocalResponseNormalization(name="norm2")(x)
    return layers.MaxPooling2D(3, 2, "same", name="pool2")(x)


def _auxiliary(x, num_classes, width, place, head):
    filters, units = _scale(width, 128, 1024)
    sides = [min(side, 5) for side in x.shape[1:3]]
    x = layers.AveragePooling2D(sides, 3, name=f"auxiliary_{place}_pool")(x)
    x = layers.Conv2D(filters, 1, activation="relu", name=f"auxiliary_{place}_conv")(x)
    x = layers.Flatten(name=f"auxiliary_{place}_flatten")(x)
    x = layers.Dense(units, activation="relu", name=f"auxiliary_{place}_dense")(x)
    x = layers.Dropout(0.7, name=f"auxiliary_{place}_dropout")(x)
    return layers.Dense(num_classes, name=f"auxiliary_{place}", **head)(x)


def _scale(width, *counts):
    return tuple(max(1, round(count * width)) for count in counts)


def _check(blocks):
    ranges = (range(3), range(1, 6), range(3))
    if len(blocks) != 3 or any(n not in among for n, among in zip(blocks, ranges, strict=True)):
        raise ValueError(f"blocks must be from (0, 1, 0) to (2, 5, 2). Received: blocks={blocks}")
