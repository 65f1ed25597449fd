"""Routing between capsules against the way textbooks write it, in a training step."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from benchmarks.measure import Row, alone, compare
from kerascnn.layers import Capsule, ConvCapsule, squash

BATCH, CHILDREN, CHILD_DIM, PARENTS, DIM = 64, 1152, 8, 10, 16  # of the paper, on MNIST
IMAGES, SIDE, KINDS = 4, 14, 32  # of the paper's first convolutional capsules
HOW = {"compiled by XLA": True, "as a graph": False}
LIMITS = {"Capsule": (0.5, 1.0), "ConvCapsule": (0.7, 1.0)}  # of time and memory


class TextbookCapsule(keras.layers.Layer):
    """Dynamic routing by broadcasting: matrices tiled over the batch, one vote for each."""

    def build(self, input_shape):
        """Create one matrix for each child and parent."""
        self.kernel = self.add_weight(
            shape=(1, CHILDREN, PARENTS, CHILD_DIM, DIM),
            initializer=keras.initializers.RandomNormal(0.0, 0.1),
        )

    def call(self, inputs):
        """Vote and route."""
        matrices = ops.tile(self.kernel, (ops.shape(inputs)[0], 1, 1, 1, 1))
        children = ops.tile(inputs[:, :, None, None, :], (1, 1, PARENTS, 1, 1))
        votes = ops.matmul(children, matrices)[..., 0, :]  # (batch, children, parents, dim)
        logits = ops.zeros_like(votes[..., :1])
        for iteration in range(3):
            couplings = ops.softmax(logits, axis=2)
            outputs = squash(ops.sum(couplings * votes, axis=1, keepdims=True))
            if iteration < 2:
                logits = logits + ops.sum(votes * outputs, axis=-1, keepdims=True)
        return outputs[:, 0]


class TextbookConvCapsule(keras.layers.Layer):
    """EM routing by broadcasting: matrices tiled over the patches, each routed for itself."""

    def build(self, input_shape):
        """Create the matrices and the costs."""
        self.kernel = self.add_weight(shape=(1, 9 * KINDS, KINDS, 4, 4))
        self.beta_u = self.add_weight(shape=(KINDS, 1), initializer="zeros")
        self.beta_a = self.add_weight(shape=(KINDS,), initializer="zeros")

    def call(self, inputs):
        """Vote and route."""
        poses, activations = (self._patches(values) for values in inputs)
        poses = ops.reshape(poses, (-1, 9 * KINDS, 1, 4, 4))
        matrices = ops.tile(self.kernel, (ops.shape(poses)[0], 1, 1, 1, 1))
        votes = ops.matmul(ops.tile(poses, (1, 1, KINDS, 1, 1)), matrices)
        votes = ops.reshape(votes, (-1, 9 * KINDS, KINDS, 16))
        return self._route(votes, ops.reshape(activations, (-1, 9 * KINDS, 1)))

    def _patches(self, values):
        values = ops.reshape(values, (IMAGES, SIDE, SIDE, -1))
        parts = [values[:, y : y + 11 : 2, x : x + 11 : 2] for y in range(3) for x in range(3)]
        return ops.stack(parts, axis=3)

    def _route(self, votes, activations):
        shares = ops.ones_like(votes[..., 0]) / KINDS
        for iteration in range(1, 4):
            weights = ops.expand_dims(shares * activations, axis=-1)
            mass = ops.sum(weights, axis=1, keepdims=True) + 1e-8
            mean = ops.sum(weights * votes, axis=1, keepdims=True) / mass
            variance = ops.sum(weights * (votes - mean) ** 2, axis=1, keepdims=True) / mass + 1e-4
            cost = ops.sum((self.beta_u + 0.5 * ops.log(variance)) * mass, axis=-1)
            logits = 0.01 * (1 - 0.95**iteration) * (self.beta_a - cost)
            if iteration < 3:
                exponent = -0.5 * ops.sum(ops.log(variance) + (votes - mean) ** 2 / variance, -1)
                shares = ops.softmax(ops.log_sigmoid(logits) + exponent, axis=-1)
        return mean[:, 0], ops.sigmoid(logits)[:, 0]


def _vectors() -> list[Any]:
    return [squash(tf.random.stateless_normal((BATCH, CHILDREN, CHILD_DIM), (0, 0)))]


def _matrices() -> list[Any]:
    shape = (IMAGES, SIDE, SIDE, KINDS)
    poses = tf.random.stateless_normal((*shape, 16), (0, 0))
    return [poses, tf.random.stateless_uniform(shape, (0, 0), 0.1)]


LAYERS = {
    f"Capsule, {BATCH} x {CHILDREN} x {CHILD_DIM} -> {PARENTS} x {DIM}": (
        lambda: Capsule(PARENTS, DIM),
        TextbookCapsule,
        _vectors,
    ),
    f"ConvCapsule, {IMAGES} x {SIDE}^2 x {KINDS} -> {KINDS}, 3x3/2": (
        lambda: ConvCapsule(KINDS, strides=2),
        TextbookConvCapsule,
        _matrices,
    ),
}


def step(what: str, theirs: bool, jit_compile: bool) -> Callable[[], Any]:
    """Prepare a forward and backward pass through one layer."""
    layer, inputs = LAYERS[what][theirs](), LAYERS[what][2]()
    inputs = inputs if len(inputs) > 1 else inputs[0]
    # Not a call, whose memory would count before the measurement.
    layer.build(keras.tree.map_structure(lambda values: tuple(values.shape), inputs))

    @tf.function(jit_compile=jit_compile)
    def run():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = sum(tf.reduce_sum(output**2) for output in keras.tree.flatten(layer(inputs)))
        return tape.gradient(loss, [inputs, [weight.value for weight in layer.weights]])

    return lambda: [gradient.numpy() for gradient in keras.tree.flatten(run())]


def rows() -> Iterator[Row]:
    """Compare time and peak memory."""
    for what in LAYERS:
        limits = LIMITS[what.partition(",")[0]]
        for how, jit_compile in HOW.items():
            runs = [(what, theirs, jit_compile) for theirs in (False, True)]
            times = compare(*(step(*run) for run in runs), runs=5)
            yield Row(f"{what}, {how}", *times, "ms", limits[0])
            peaks = (alone("benchmarks.capsules:step", *run)[1] for run in runs)
            yield Row(f"{what}, {how}", *peaks, "MB", limits[1])
