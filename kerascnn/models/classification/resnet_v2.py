"""Residual networks of full pre-activation, for ImageNet and for small images."""

from typing import Any

import keras
from keras import layers

from kerascnn.layers import PreActivationResidual
from kerascnn.models.classification.resnet import UNITS, begin
from kerascnn.registry import Experiment, register
from kerascnn.training.transfer import copy_residual_network

_BLOCKS: dict[int, tuple[int, ...]] = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
_SMALL = {"num_classes": 10, "filters": 16, "stem": "cifar"}
_KERAS = {
    ("imagenet", _BLOCKS[50], True, 64, 3): keras.applications.ResNet50V2,
    ("imagenet", _BLOCKS[101], True, 64, 3): keras.applications.ResNet101V2,
    ("imagenet", _BLOCKS[152], True, 64, 3): keras.applications.ResNet152V2,
}


@register(
    paper="https://arxiv.org/abs/1603.05027",
    variants={
        **{f"resnet{depth}_v2": {"blocks": blocks} for depth, blocks in _BLOCKS.items()},
        **{
            f"resnet{9 * n + 2}_v2": {"input_shape": (32, 32, 3), "blocks": (n, n, n), **_SMALL}
            for n in (18, 111)
        },
    },
    tiny={
        **_SMALL,
        "input_shape": (16, 16, 3),
        "filters": 4,
        "blocks": (1, 1),
        "bottleneck": False,
    },
    params={
        "resnet_v2": 25_613_800,
        "resnet50_v2": 25_613_800,
        "resnet101_v2": 44_675_560,
        "resnet152_v2": 60_380_648,
        "resnet164_v2": 1_727_482,
        "resnet1001_v2": 10_476_922,
    },
    experiment=Experiment(
        data="translated_digits",
        data_options={"noise": 0.1, "count": 2500},
        model_options={**_SMALL, "filters": 8, "blocks": (7, 7, 7), "bottleneck": False},
        epochs=5,
        passes=("accuracy >= 0.75",),
    ),
)
def resnet_v2(
    input_shape: tuple[int, int, int] = (224, 224, 3),
    *,
    num_classes: int = 1000,
    blocks: tuple[int, ...] = (3, 4, 6, 3),
    bottleneck: bool = True,
    filters: int = 64,
    stem: str = "imagenet",
    classifier_activation: Any = "softmax",
    weights: str | None = None,
) -> keras.Model:
    """Build a residual network of pre-activation: a stem, stages of units, and a classifier.

    Batch normalisation and an activation stand before each convolution and behind the last
    stage, so nothing stands between two sums. Each stage but the first doubles the filters. The
    default is ResNet-50 v2, with the biases of `keras.applications.ResNet50V2`.

    Differs from the paper with the ImageNet stem: the sides are halved by the last unit of each
    stage but the last, as in Keras, and not by the first unit of the next stage.

    Args:
        input_shape: Height, width and channels. `weights="imagenet"` expects what
            `keras.applications.resnet_v2.preprocess_input` gives.
        num_classes: Number of classes.
        blocks: Units of each stage.
        bottleneck: Use units of three convolutions, four times as wide at their ends.
        filters: Channels of the first stage's convolutions.
        stem: `"imagenet"`: a 7x7 convolution of stride 2 and max pooling. `"cifar"`: a 3x3
            convolution.
        classifier_activation: Activation of the last layer; None gives logits.
        weights: None for random ones, or `"imagenet"` for those of `keras.applications`,
            downloaded by Keras; the classifier stays random unless there are 1000 classes.

    Returns:
        A model from images `(batch, height, width, channels)` to probabilities
        `(batch, num_classes)` in float32.

    Raises:
        ValueError: If the stem is unknown, or there are no such weights for this network.

    Example:
        >>> resnet_v2().count_params()
        25613800

    Reference:
        https://arxiv.org/abs/1603.05027
    """
    if stem not in UNITS:
        raise ValueError(f"stem must be one of {tuple(UNITS)}. Received: stem={stem!r}")
    network = (stem, tuple(blocks), bottleneck, filters, input_shape[-1])
    if weights and (weights != "imagenet" or network not in _KERAS):
        raise ValueError(
            "weights='imagenet' exist for resnet50_v2, resnet101_v2 and resnet152_v2 with 3 "
            f"channels. Received: weights={weights!r} for {network}"
        )
    image = keras.Input(input_shape, name="image")
    x = begin(image, stem, filters, activate=False)
    for stage, count in enumerate(blocks):
        width = filters * 2**stage
        for block in range(count):
            strides = 2 if _halves(stem, stage, block, blocks) else 1
            shortcut = "identity" if strides == 1 else "zero_padding"
            if x.shape[-1] != width * (4 if bottleneck else 1):
                shortcut = "projection"
            options = {"strides": strides, "bottleneck": bottleneck, "shortcut": shortcut}
            options["name"] = f"conv{stage + 2}_block{block + 1}"
            x = PreActivationResidual(width, **{**UNITS[stem], **options})(x)
    epsilon = UNITS[stem]["epsilon"]
    x = layers.BatchNormalization(momentum=0.9, epsilon=epsilon, name="post_bn")(x)
    x = layers.Activation("relu", name="post_relu")(x)
    x = layers.GlobalAveragePooling2D(name="pooling")(x)
    head = {"activation": classifier_activation, "name": "predictions", "dtype": "float32"}
    model = keras.Model(image, layers.Dense(num_classes, **head)(x), name="resnet_v2")
    if weights:
        copy_residual_network(_KERAS[network](include_top=num_classes == 1000), model)
    return model


def _halves(stem, stage, block, blocks):
    """Tell whether a unit halves the sides."""
    if stem == "imagenet":
        return stage < len(blocks) - 1 and block == blocks[stage] - 1
    return stage > 0 and block == 0
