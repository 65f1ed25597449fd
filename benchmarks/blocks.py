"""Blocks and normalisations against the same thing written by hand in plain Keras, in training."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

from benchmarks.measure import Row, compare
from kerascnn.layers import (
    ConditionalBatchNormalization,
    EqualizedConv2D,
    Inception,
    MixedKernels,
    PreActivationResidual,
    Residual,
    SelfAttention2D,
)

LIMIT = 1.05
SHAPE = (28, 28, 64)


def residual(x):
    """Write out `Residual(64)`."""
    y = layers.Conv2D(64, 3, padding="same", use_bias=False)(x)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.Conv2D(64, 3, padding="same", use_bias=False)(y)
    return layers.ReLU()(layers.Add()([x, layers.BatchNormalization()(y)]))


def preactivation_residual(x):
    """Write out `PreActivationResidual(64)`."""
    y = x
    for _ in range(2):
        y = layers.ReLU()(layers.BatchNormalization()(y))
        y = layers.Conv2D(64, 3, padding="same", use_bias=False)(y)
    return layers.Add()([x, y])


def mixed_kernels(x):
    """Write out `MixedKernels((64, 64, 16))`."""
    y = [layers.Conv2D(n, k, padding="same")(x) for n, k in ((64, 1), (64, 3), (16, 5))]
    return layers.Concatenate()([*y, layers.MaxPooling2D(3, 1, "same")(x)])


def inception(x):
    """Write out `Inception((64, 64, 16), reductions=(32, 8), pool_filters=16)`."""

    def convolve(x, filters, size):
        return layers.Conv2D(filters, size, padding="same", activation="relu")(x)

    pool = layers.MaxPooling2D(3, 1, "same")(x)
    three, five = convolve(convolve(x, 32, 1), 64, 3), convolve(convolve(x, 8, 1), 16, 5)
    return layers.Concatenate()([convolve(x, 64, 1), three, five, convolve(pool, 16, 1)])


class Weighted(layers.Layer):
    """Write out the shortcut of `SelfAttention2D()`."""

    def build(self, input_shape):
        """Create the gain."""
        self.gamma = self.add_weight(shape=(), initializer="zeros")

    def call(self, x, y):
        """Add what was multiplied."""
        return x + self.gamma * y


def self_attention(x):
    """Write out `SelfAttention2D()`."""
    f, g, h = (layers.Conv2D(n, 1, use_bias=False)(x) for n in (8, 8, 32))
    g, h = (layers.MaxPooling2D()(y) for y in (g, h))
    f, g, h = (layers.Reshape((y.shape[1] * y.shape[2], y.shape[3]))(y) for y in (f, g, h))
    weights = layers.Softmax()(ops.matmul(f, ops.transpose(g, (0, 2, 1))))
    y = layers.Reshape((*x.shape[1:3], 32))(ops.matmul(weights, h))
    return Weighted()(x, layers.Conv2D(64, 1, use_bias=False)(y))


def conditional(x, condition):
    """Write out `ConditionalBatchNormalization()`."""
    x = layers.BatchNormalization(center=False, scale=False)(x)
    gain = layers.Dense(64, use_bias=False, kernel_initializer="zeros")(condition)
    bias = layers.Dense(64, use_bias=False, kernel_initializer="zeros")(condition)
    gain, bias = (layers.Reshape((1, 1, 64))(each) for each in (gain, bias))
    return layers.Add()([layers.Multiply()([x, gain + 1]), bias])


class Equalized(layers.Layer):
    """Write out `EqualizedConv2D(64, 3, padding="same")`."""

    def build(self, input_shape):
        """Create kernel and bias."""
        self.kernel = self.add_weight(shape=(3, 3, 64, 64), initializer="random_normal")
        self.bias = self.add_weight(shape=(64,), initializer="zeros")

    def call(self, inputs):
        """Convolve with the kernel times a constant."""
        kernel = self.kernel * (2 / (9 * 64)) ** 0.5
        return ops.conv(inputs, kernel, padding="same") + self.bias


# what: ours, the same by hand, and the shape of the second input
PAIRS: dict[str, tuple[Callable[..., Any], Callable[..., Any], Sequence[int] | None]] = {
    "Residual": (lambda x: Residual(64)(x), residual, None),
    "PreActivationResidual": (lambda x: PreActivationResidual(64)(x), preactivation_residual, None),
    "MixedKernels": (lambda x: MixedKernels((64, 64, 16))(x), mixed_kernels, None),
    "Inception": (
        lambda x: Inception((64, 64, 16), reductions=(32, 8), pool_filters=16)(x),
        inception,
        None,
    ),
    "SelfAttention2D": (lambda x: SelfAttention2D()(x), self_attention, None),
    "ConditionalBatchNormalization": (
        lambda *x: ConditionalBatchNormalization()(list(x)),
        conditional,
        (10,),
    ),
    "EqualizedConv2D": (
        lambda x: EqualizedConv2D(64, 3, padding="same")(x),
        lambda x: Equalized()(x),
        None,
    ),
}


def step(connect: Callable[..., Any], shapes: Sequence[Sequence[int]]) -> Callable[[], Any]:
    """Prepare a forward and backward pass over sixteen images."""
    ends = [keras.Input(shape) for shape in shapes]
    model = keras.Model(ends, connect(*ends))
    inputs = [tf.random.stateless_normal((16, *shape), (0, 0)) for shape in shapes]

    @tf.function
    def run():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = tf.reduce_sum(model(inputs, training=True) ** 2)
        return tape.gradient(loss, [*inputs, *(w.value for w in model.trainable_weights)])

    return lambda: [gradient.numpy() for gradient in run()]


def rows() -> Iterator[Row]:
    """Compare each with what a user would write without it."""
    for what, (ours, theirs, second) in PAIRS.items():
        shapes = [SHAPE, *([second] if second else [])]
        mine, other = compare(step(ours, shapes), step(theirs, shapes), runs=60)
        yield Row(f"{what} and the same by hand", mine, other, "ms", LIMIT)
