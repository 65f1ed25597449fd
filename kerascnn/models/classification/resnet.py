"""Residual networks for ImageNet and for small images."""

from typing import Any

import keras
from keras import layers

from kerascnn.layers import Residual
from kerascnn.registry import Experiment, register
from kerascnn.training.transfer import copy_residual_network

_BLOCKS: dict[int, tuple[int, ...]] = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
_IMAGENET = {f"resnet{n}": {"blocks": row, "bottleneck": n >= 50} for n, row in _BLOCKS.items()}
_SMALL = {"num_classes": 10, "filters": 16, "bottleneck": False, "stem": "cifar"}
_CIFAR = {
    f"resnet{6 * n + 2}": {"input_shape": (32, 32, 3), "blocks": (n, n, n), **_SMALL}
    for n in (3, 5, 7, 9, 18)
}
UNITS: dict[str, dict[str, Any]] = {
    "imagenet": {"use_bias": True, "epsilon": 1.001e-5, "shortcut": "projection"},
    "cifar": {"use_bias": False, "epsilon": 1e-5, "shortcut": "zero_padding"},
}
_KERAS = {
    ("imagenet", _BLOCKS[50], True, 64, 3): keras.applications.ResNet50,
    ("imagenet", _BLOCKS[101], True, 64, 3): keras.applications.ResNet101,
    ("imagenet", _BLOCKS[152], True, 64, 3): keras.applications.ResNet152,
}


@register(
    paper="https://arxiv.org/abs/1512.03385",
    variants={**_IMAGENET, **_CIFAR},
    tiny={**_SMALL, "input_shape": (16, 16, 3), "filters": 4, "blocks": (1, 1)},
    params={
        "resnet": 25_636_712,
        "resnet18": 11_703_912,
        "resnet34": 21_823_208,
        "resnet50": 25_636_712,
        "resnet101": 44_707_176,
        "resnet152": 60_419_944,
        "resnet20": 271_098,
        "resnet32": 466_426,
        "resnet44": 661_754,
        "resnet56": 857_082,
        "resnet110": 1_736_058,
    },
    experiment=Experiment(
        data="translated_digits",
        data_options={"noise": 0.1, "count": 2500},
        model_options={**_SMALL, "filters": 8, "blocks": (7, 7, 7)},
        epochs=5,
        passes=("accuracy >= 0.75",),
    ),
)
def resnet(
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
    """Build a residual network: a stem, stages of `Residual` units, and a linear classifier.

    Each stage but the first halves the sides and doubles the filters in its first unit. The
    default is ResNet-50, with the biases of `keras.applications.ResNet50`.

    Args:
        input_shape: Height, width and channels. `weights="imagenet"` expects what
            `keras.applications.resnet.preprocess_input` gives.
        num_classes: Number of classes.
        blocks: Units of each stage.
        bottleneck: Use units of three convolutions, four times as wide at their ends.
        filters: Channels of the first stage's convolutions.
        stem: `"imagenet"`: a 7x7 convolution of stride 2 and max pooling, and projections where
            a stage widens. `"cifar"`: a 3x3 convolution, and zero-padded shortcuts.
        classifier_activation: Activation of the last layer; None gives logits.
        weights: None for random ones, or `"imagenet"` for those of `keras.applications`,
            downloaded by Keras; the classifier stays random unless there are 1000 classes.

    Returns:
        A model from images `(batch, height, width, channels)` to probabilities
        `(batch, num_classes)` in float32.

    Raises:
        ValueError: If the stem is unknown, or there are no such weights for this network.

    Example:
        >>> resnet().count_params()
        25636712

    Reference:
        https://arxiv.org/abs/1512.03385
    """
    if stem not in UNITS:
        raise ValueError(f"stem must be one of {tuple(UNITS)}. Received: stem={stem!r}")
    network = (stem, tuple(blocks), bottleneck, filters, input_shape[-1])
    if weights and (weights != "imagenet" or network not in _KERAS):
        raise ValueError(
            "weights='imagenet' exist for resnet50, resnet101 and resnet152 with 3 channels. "
            f"Received: weights={weights!r} for {network}"
        )
    image = keras.Input(input_shape, name="image")
    x = begin(image, stem, filters)
    for stage, count in enumerate(blocks):
        for block in range(count):
            options = dict(UNITS[stem], strides=2 if stage and not block else 1)
            width = filters * 2**stage
            if options["strides"] == 1 and x.shape[-1] == width * (4 if bottleneck else 1):
                options["shortcut"] = "identity"
            name = f"conv{stage + 2}_block{block + 1}"
            x = Residual(width, bottleneck=bottleneck, name=name, **options)(x)
    x = layers.GlobalAveragePooling2D(name="pooling")(x)
    head = {"activation": classifier_activation, "name": "predictions", "dtype": "float32"}
    model = keras.Model(image, layers.Dense(num_classes, **head)(x), name="resnet")
    if weights:
        copy_residual_network(_KERAS[network](include_top=num_classes == 1000), model)
    return model


def begin(x, stem, filters, *, activate=True):
    """Reduce images to the first maps: the part before the units, which ResNet v2 has as well."""
    options, large = UNITS[stem], stem == "imagenet"
    if large:
        x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
    x = layers.Conv2D(
        filters,
        7 if large else 3,
        2 if large else 1,
        "valid" if large else "same",
        use_bias=options["use_bias"],
        kernel_initializer="he_normal",
        name="conv1_conv",
    )(x)
    if activate:
        x = layers.BatchNormalization(momentum=0.9, epsilon=options["epsilon"], name="conv1_bn")(x)
        x = layers.Activation("relu", name="conv1_relu")(x)
    if not large:
        return x
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    return layers.MaxPooling2D(3, 2, name="pool1_pool")(x)
