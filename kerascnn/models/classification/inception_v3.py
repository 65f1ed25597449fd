"""Inception-v3, whose modules take large kernels apart into small ones."""

from typing import Any

import keras
from keras import layers

from kerascnn.layers import FactorizedInception
from kerascnn.losses import SmoothedCrossentropy
from kerascnn.registry import Experiment, register
from kerascnn.training import AuxiliaryClassifiers
from kerascnn.training.transfer import copy_inception_network

# The smallest side; channels, kernel size and strides of the convolutions, which are padded where
# the strides are None. None alone is a maximum pool.
_CONVOLUTIONS = ((32, 3, 2), (32, 3, 1), (64, 3, None), None, (80, 1, 1), (192, 3, 1), None)
_STEMS = {
    "imagenet": (75, _CONVOLUTIONS),
    "small": (21, ((32, 3, 1), (64, 3, None), None, (192, 3, 1))),
}
# Channels of each block's convolutions, by branch.
_STAGES: dict[str, tuple[tuple[tuple[int, ...], ...], ...]] = {
    "a": tuple(((64,), (48, 64), (64, 96, 96), (pool,)) for pool in (32, 64, 64)),
    "reduction_a": (((384,), (64, 96, 96), ()),),
    "b": tuple(((192,), (n, n, 192), (n, n, n, n, 192), (192,)) for n in (128, 160, 160, 192)),
    "reduction_b": (((192, 320), (192, 192, 192, 192), ()),),
    "c": (((320,), (384, 384), (448, 384, 384), (192,)),) * 2,
}
_KERAS = (3, "imagenet", (3, 4, 2), 1.0)


@register(
    paper="https://arxiv.org/abs/1512.00567",
    tiny={"input_shape": (21, 21, 3), "stem": "small", "blocks": (0, 0, 0), "width": 1 / 16},
    params=23_851_784,
    experiment=Experiment(
        data="translated_digits",
        data_options={"noise": 0.1, "count": 4000},
        model_options={"stem": "small", "blocks": (1, 1, 1), "width": 1 / 8},
        epochs=8,
        passes=("accuracy >= 0.85",),
    ),
)
def inception_v3(
    input_shape: tuple[int, int, int] = (299, 299, 3),
    *,
    num_classes: int = 1000,
    blocks: tuple[int, int, int] = (3, 4, 2),
    stem: str = "imagenet",
    width: float = 1.0,
    dropout: float = 0.2,
    label_smoothing: float = 0.1,
    classifier_activation: Any = "softmax",
    weights: str | None = None,
) -> AuxiliaryClassifiers:
    """Build Inception-v3: a stem, three stages of `FactorizedInception` and a linear classifier.

    Reductions stand between the stages. In training, a normalised auxiliary classifier behind the
    second stage has a loss of weight 0.4, and all labels are smoothed; the deployable model is
    that of `keras.applications.InceptionV3`.

    Args:
        input_shape: Height, width and channels; sides of at least 75 pixels, or of 21 with the
            small stem. `weights="imagenet"` expects what
            `keras.applications.inception_v3.preprocess_input` gives.
        num_classes: Number of classes.
        blocks: Blocks of each stage, at most 3, 4 and 2.
        stem: `"imagenet"`, which gives an eighth of the sides, or `"small"`, which halves them.
        width: Factor for the channels of all convolutions, above 0.
        dropout: Share of the features dropped before the classifier in training, in [0, 1).
        label_smoothing: Share of a label that is spread over all classes, in [0, 1); it is in the
            model's `default_loss`.
        classifier_activation: Activation of the classifiers; None gives logits.
        weights: None for random ones, or `"imagenet"` for those of `keras.applications`,
            downloaded by Keras; the classifier stays random unless there are 1000 classes, and
            the auxiliary one in any case.

    Returns:
        A model from images `(batch, height, width, channels)` to probabilities
        `(batch, num_classes)` in float32, whose `deployable` is functional.

    Raises:
        ValueError: If an argument is out of range, or there are no such weights.

    Example:
        >>> inception_v3().deployable.count_params()
        23851784

    Reference:
        https://arxiv.org/abs/1512.00567
    """
    _check(input_shape, blocks, stem, width, weights)
    head = {"activation": classifier_activation, "dtype": "float32"}
    image = keras.Input(input_shape, name="image")
    x = _stem(image, stem, width)
    counts = (blocks[0], 1, blocks[1], 1, blocks[2])
    for (block, rows), count in zip(_STAGES.items(), counts, strict=True):
        if block == "reduction_b":
            auxiliary = layers.Dense(num_classes, name="auxiliary", **head)(_auxiliary(x, width))
        for number, filters in enumerate(rows[:count], 1):
            options = {"filters": _scale(filters, width), "name": f"{block}{number}"}
            x = FactorizedInception(block, **options)(x)
    x = layers.GlobalAveragePooling2D(name="pooling")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Dense(num_classes, name="predictions", **head)(x)
    network = keras.Model(image, [x, auxiliary], name="network")
    loss = SmoothedCrossentropy(label_smoothing)
    model = AuxiliaryClassifiers(network, weight=0.4, loss=loss, name="inception_v3")
    if weights:
        source = keras.applications.InceptionV3(include_top=num_classes == 1000)
        copy_inception_network(source, model.deployable)
    return model


def _stem(x, stem, width):
    for number, row in enumerate(_STEMS[stem][1], 1):
        pool = layers.MaxPooling2D(3, 2, name=f"stem{number}_pool")
        x = _convolve(x, f"stem{number}", width, *row) if row else pool(x)
    return x


def _auxiliary(x, width):
    x = layers.AveragePooling2D([min(side, 5) for side in x.shape[1:3]], 3, name="aux_pool")(x)
    x = _convolve(x, "aux1", width, 128, 1, 1)
    x = _convolve(x, "aux2", width, 768, x.shape[1:3], 1)  # 5x5 in the paper
    return layers.Flatten(name="aux_flatten")(x)


def _convolve(x, name, width, filters, kernel_size, strides):
    own = {"padding": "valid" if strides else "same", "use_bias": False, "name": f"{name}_conv"}
    x = layers.Conv2D(_scale(filters, width), kernel_size, strides or 1, **own)(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-3, scale=False, name=f"{name}_bn")(x)
    return layers.Activation("relu", name=f"{name}_relu")(x)


def _scale(filters, width):
    return keras.tree.map_structure(lambda count: max(1, round(count * width)), filters)


def _check(input_shape, blocks, stem, width, weights):
    if stem not in _STEMS:
        raise ValueError(f"stem must be one of {tuple(_STEMS)}. Received: stem={stem!r}")
    least, network = _STEMS[stem][0], (input_shape[-1], stem, tuple(blocks), width)
    if min(input_shape[:2]) < least:
        raise ValueError(f"Sides must be at least {least}. Received: input_shape={input_shape}")
    if len(blocks) != 3 or any(n > most for n, most in zip(blocks, (3, 4, 2), strict=True)):
        raise ValueError(f"blocks must be at most (3, 4, 2). Received: blocks={blocks}")
    if weights and (weights != "imagenet" or network != _KERAS):
        raise ValueError(f"No weights fit {network}. Received: weights={weights!r}")
