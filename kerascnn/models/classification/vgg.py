"""VGG, deep stacks of 3x3 convolutions."""

from typing import Any

import keras
from keras import layers

from kerascnn.models.vgg_blocks import block_ends
from kerascnn.registry import Experiment, register
from kerascnn.training.transfer import copy_by_name

_BLOCKS: dict[int, tuple[int, ...]] = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
_KERAS = {
    (_BLOCKS[16], 64, 3): keras.applications.VGG16,
    (_BLOCKS[19], 64, 3): keras.applications.VGG19,
}


@register(
    paper="https://arxiv.org/abs/1409.1556",
    variants={f"vgg{depth}": {"blocks": blocks} for depth, blocks in _BLOCKS.items()},
    tiny={
        "input_shape": (16, 16, 3),
        "num_classes": 10,
        "blocks": (1, 2),
        "filters": 4,
        "units": 8,
    },
    params={
        "vgg": 138_357_544,
        "vgg11": 132_863_336,
        "vgg13": 133_047_848,
        "vgg16": 138_357_544,
        "vgg19": 143_667_240,
    },
    experiment=Experiment(
        data="translated_digits",
        data_options={"noise": 0.1, "count": 4000},
        model_options={"blocks": (2, 2, 2), "filters": 16, "units": 128, "dropout": 0.25},
        epochs=20,
        passes=("accuracy >= 0.93",),
    ),
)
def vgg(
    input_shape: tuple[int, int, int] = (224, 224, 3),
    *,
    num_classes: int = 1000,
    blocks: tuple[int, ...] = (2, 2, 3, 3, 3),
    filters: int = 64,
    units: int = 4096,
    activation: Any = "relu",
    dropout: float = 0.5,
    classifier_activation: Any = "softmax",
    weights: str | None = None,
) -> keras.Model:
    """Build VGG: blocks of 3x3 convolutions, each before a halving, and three dense layers.

    The default is VGG-16. Two 3x3 convolutions see as far as one of 5x5, three as far as one of
    7x7, at fewer weights.

    Differs from the paper: weights start at He's scale, where the paper began deep networks with
    the layers of trained shallow ones.

    Args:
        input_shape: Height, width and channels; sides that can be halved by each block.
            `weights="imagenet"` expects what `keras.applications.vgg16.preprocess_input` gives.
        num_classes: Number of classes.
        blocks: Convolutions of each block.
        filters: Channels of the first block, doubled up to the eightfold at each of the next ones.
        units: Width of the two hidden dense layers.
        activation: Activation of all layers but the last.
        dropout: Share of their outputs dropped in training, in [0, 1).
        classifier_activation: Activation of the last layer; None gives logits.
        weights: None for random ones, or `"imagenet"` for those of `keras.applications`,
            downloaded by Keras; the dense layers stay random unless there are 1000 classes and
            224 x 224 pixels.

    Returns:
        A model from images `(batch, height, width, channels)` to probabilities
        `(batch, num_classes)` in float32.

    Raises:
        ValueError: If a side cannot be halved that often, or there are no such weights.

    Example:
        >>> kerascnn.create_model("vgg16").count_params()
        138357544

    Reference:
        https://arxiv.org/abs/1409.1556
    """
    _check(input_shape, blocks)
    network = (tuple(blocks), filters, input_shape[-1])
    if weights and (weights != "imagenet" or network not in _KERAS):
        raise ValueError(
            "weights='imagenet' exist for vgg16 and vgg19 with 3 channels. "
            f"Received: weights={weights!r} for {network}"
        )
    image = keras.Input(input_shape, name="image")
    hidden = {"activation": activation, "kernel_initializer": "he_normal"}
    x = block_ends(image, blocks, filters, **hidden)[-1]
    x = layers.MaxPooling2D(2, name=f"block{len(blocks)}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    for number in (1, 2):
        x = layers.Dense(units, name=f"fc{number}", **hidden)(x)
        x = layers.Dropout(dropout, name=f"dropout{number}")(x)
    head = {"activation": classifier_activation, "name": "predictions", "dtype": "float32"}
    model = keras.Model(image, layers.Dense(num_classes, **head)(x), name="vgg")
    if weights:
        whole = (*input_shape, num_classes, units) == (224, 224, 3, 1000, 4096)
        copy_by_name(_KERAS[network](include_top=whole), model)
    return model


def _check(input_shape, blocks):
    least = 2 ** len(blocks)
    if min(input_shape[:2]) < least:
        raise ValueError(
            f"Sides must be at least {least} to be halved {len(blocks)} times. "
            f"Received: input_shape={tuple(input_shape)}"
        )
