"""VGG with a decoder that reconstructs each of its pooled maps by the switches of the pools."""

from typing import Any

import keras
from keras import layers

from kerascnn.layers import MaxUnpooling2D
from kerascnn.models.classification.vgg import vgg
from kerascnn.registry import Experiment, register
from kerascnn.training import ReconstructingClassifier


@register(
    paper="https://arxiv.org/abs/1606.06582",
    tiny={
        "input_shape": (16, 16, 3),
        "blocks": (1, 1),
        "filters": 4,
        "units": 8,
        "num_classes": 10,
    },
    params=138_357_544,
    experiment=Experiment(
        data="translated_digits",
        data_options={"noise": 0.1, "count": 4000},
        model_options={
            "blocks": (1, 1, 1),
            "filters": 16,
            "units": 64,
            "dropout": 0.0,
            "image_weight": 0.01,
            "feature_weight": 0.01,
        },
        epochs=12,
        passes=("accuracy >= 0.8",),
    ),
)
def stacked_what_where_autoencoder(
    input_shape: tuple[int, int, int] = (224, 224, 3),
    *,
    num_classes: int = 1000,
    blocks: tuple[int, ...] = (2, 2, 3, 3, 3),
    filters: int = 64,
    units: int = 4096,
    activation: Any = "relu",
    dropout: float = 0.5,
    image_weight: float = 1e-4,
    feature_weight: float = 1e-4,
    classifier_activation: Any = "softmax",
    weights: str | None = None,
) -> ReconstructingClassifier:
    """Build a stacked what-where autoencoder (SWWAE-all) around `vgg`, VGG-16 by default.

    In training a mirrored decoder begins with the last pooled map, what is there. Each block
    puts the maxima back to where they came from, by the switches of the encoder's pool, and
    convolves; so it draws the pooled map below and at last the image. Their squared errors are
    added to the loss of the classifier, which alone is deployed.

    Differs from the paper: all networks are trained at once, from the start; the weights of the
    errors are chosen for images in [0, 1].

    Args:
        input_shape: Height, width and channels; sides divisible by 2 for each block.
        num_classes: Number of classes.
        blocks: Convolutions of each block, as in `vgg`.
        filters: Channels of the first block, doubled up to the eightfold at each of the next ones.
        units: Width of the two hidden dense layers.
        activation: Activation of all layers but the last of either network.
        dropout: Share of the outputs of dense layers dropped in training, in [0, 1).
        image_weight: Weight of the image's squared errors, summed over its pixels.
        feature_weight: Weight of the squared errors of each pooled map, summed over it.
        classifier_activation: Activation of the classifier; None gives logits.
        weights: None for random ones, or `"imagenet"` for the encoder of `vgg`.

    Returns:
        A model from images `(batch, height, width, channels)` to probabilities
        `(batch, num_classes)` in float32, whose `deployable` is functional. Its `decoder` draws
        the image and the pooled maps.

    Raises:
        ValueError: If a side cannot be halved that often without rest, or there are no such
            weights.

    Example:
        >>> stacked_what_where_autoencoder().deployable.count_params()
        138357544

    Reference:
        https://arxiv.org/abs/1606.06582; the autoencoder is that of
        https://arxiv.org/abs/1506.02351
    """
    least = 2 ** len(blocks)
    if any(side % least for side in input_shape[:2]):
        raise ValueError(
            f"Sides must be divisible by {least}. Received: input_shape={tuple(input_shape)}"
        )
    classifier = vgg(
        input_shape,
        num_classes=num_classes,
        blocks=blocks,
        filters=filters,
        units=units,
        activation=activation,
        dropout=dropout,
        classifier_activation=classifier_activation,
        weights=weights,
    )
    pools = [classifier.get_layer(f"block{block + 1}_pool") for block in range(len(blocks))]
    features = [pool.output for pool in pools] + [pool.input for pool in pools]
    network = keras.Model(classifier.input, [classifier.output, *features], name="network")
    decoder = _decoder(features, input_shape[-1], num_classes, blocks, activation)
    return ReconstructingClassifier(
        network,
        decoder,
        error_weights=(image_weight, *[feature_weight] * (len(blocks) - 1)),
        name="stacked_what_where_autoencoder",
    )


def _decoder(features, channels, num_classes, blocks, activation):
    inputs = [keras.Input(feature.shape[1:]) for feature in features]
    whats, wheres = inputs[: len(blocks)], inputs[len(blocks) :]
    x, drawn = whats[-1], []
    for block in reversed(range(len(blocks))):
        name = f"block{block + 1}"
        below = whats[block - 1].shape[-1] if block else channels
        x = MaxUnpooling2D(name=f"{name}_unpool")([x, wheres[block]])
        for number in range(blocks[block], 0, -1):
            last = number == 1
            x = layers.Conv2DTranspose(
                below if last else x.shape[-1],
                3,
                padding="same",
                activation=None if last and not block else activation,
                kernel_initializer="he_normal",
                name=f"{name}_deconv{number}",
            )(x)
        drawn.insert(0, x)
    # The labels have no say in what is drawn.
    labels = keras.Input((num_classes,), name="labels")
    return keras.Model([*inputs, labels], drawn, name="decoder")
