"""Dilated operations and blocks against the same thing by hand in plain Keras, in training."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from benchmarks.measure import Row, compare
from kerascnn.layers import (
    ContextModule,
    ConvBlock,
    DilatedConv2D,
    DilatedConv2DTranspose,
    LocalResponseNormalization,
)

BATCH, SIDE, CHANNELS = 8, 48, 32
LIMIT = 1.05


def step(layer: Callable[[Any], Any], shape: tuple[int, ...]) -> Callable[[], Any]:
    """Prepare a forward and backward pass through a layer or a model."""
    inputs = tf.random.stateless_normal((BATCH, *shape), (0, 0))
    layer(inputs)

    @tf.function
    def run():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = tf.reduce_sum(layer(inputs) ** 2)
        variables = [v.value for v in getattr(layer, "trainable_variables", ())]
        return tape.gradient(loss, [inputs, *variables])

    return lambda: [gradient.numpy() for gradient in run()]


def transposed() -> Iterator[tuple[str, Any, Any, tuple[int, ...]]]:
    """Give our layer and Keras's with zeros in the kernel."""
    for strides, rate in ((1, 2), (1, 4), (2, 2), (2, 4), (4, 2), (2, 3), (3, 2)):
        options = {"strides": strides, "padding": "same"}
        yield (
            f"DilatedConv2DTranspose, strides {strides}, dilation {rate}",
            DilatedConv2DTranspose(CHANNELS, 3, dilation_rate=rate, **options),
            layers.Conv2DTranspose(CHANNELS, 2 * rate + 1, **options),
            (SIDE // strides, SIDE // strides, CHANNELS),
        )


def dilated() -> Iterator[tuple[str, Any, Any, tuple[int, ...]]]:
    """Give our layer, and every n-th result of Keras's without strides."""
    for strides, rate in ((2, 2), (4, 2), (2, 4), (2, 3)):
        by_hand = layers.Conv2D(CHANNELS, 3, dilation_rate=rate), layers.MaxPooling2D(1, strides)
        yield (
            f"DilatedConv2D, strides {strides}, dilation {rate}",
            DilatedConv2D(CHANNELS, 3, strides=strides, dilation_rate=rate),
            keras.Sequential(by_hand),
            (SIDE, SIDE, CHANNELS),
        )


def blocks() -> Iterator[tuple[str, Any, Any, tuple[int, ...]]]:
    """Give our blocks and lists of Keras's layers."""
    yield (
        "ConvBlock, batch normalisation, max pooling",
        ConvBlock(CHANNELS, 5, padding="same", normalization="batch", pooling="max"),
        keras.Sequential(
            [
                layers.Conv2D(CHANNELS, 5, padding="same"),
                layers.BatchNormalization(),
                layers.Activation("relu"),
                layers.MaxPooling2D(2),
            ]
        ),
        (SIDE, SIDE, CHANNELS),
    )
    form = {"padding": "same", "activation": "relu"}
    by_hand = [layers.Conv2D(21, 3, dilation_rate=rate, **form) for rate in (1, 1, 2, 4, 8, 16, 1)]
    yield (
        "ContextModule",
        ContextModule(),
        keras.Sequential([*by_hand, layers.Conv2D(21, 1)]),
        (SIDE, SIDE, 21),
    )
    yield (
        "LocalResponseNormalization against TensorFlow's operation",
        LocalResponseNormalization(),
        lambda x: tf.nn.local_response_normalization(x, 2, 2.0, 1e-4, 0.75),
        (27, 27, 96),
    )


def rows() -> Iterator[Row]:
    """Compare a forward and backward pass of each pair."""
    for pairs in (transposed(), dilated(), blocks()):
        for what, ours, theirs, shape in pairs:
            times = compare(step(ours, shape), step(theirs, shape))
            yield Row(what, *times, "ms", LIMIT)
