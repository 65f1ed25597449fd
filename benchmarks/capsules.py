"""Routing between capsules against the way textbooks write it, in a training step."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from benchmarks.measure import Row, alone, compare
from kerascnn.layers import Capsule, squash

BATCH, CHILDREN, CHILD_DIM, PARENTS, DIM = 64, 1152, 8, 10, 16  # of the paper, on MNIST
HOW = {"compiled by XLA": True, "as a graph": False}


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


LAYERS = {"ours": lambda: Capsule(PARENTS, DIM), "theirs": TextbookCapsule}


def step(whose: str, jit_compile: bool) -> Callable[[], Any]:
    """Prepare a forward and backward pass through one layer."""
    layer = LAYERS[whose]()
    inputs = squash(tf.random.stateless_normal((BATCH, CHILDREN, CHILD_DIM), (0, 0)))
    layer.build(inputs.shape)

    @tf.function(jit_compile=jit_compile)
    def run():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = tf.reduce_sum(layer(inputs) ** 2)
        return tape.gradient(loss, [inputs, layer.kernel.value])

    return lambda: [gradient.numpy() for gradient in run()]


def rows() -> Iterator[Row]:
    """Compare time and peak memory."""
    size = f"{BATCH} x {CHILDREN} x {CHILD_DIM} -> {PARENTS} x {DIM}"
    for how, jit_compile in HOW.items():
        steps = (step(whose, jit_compile) for whose in LAYERS)
        yield Row(f"Capsule, {size}, {how}", *compare(*steps, runs=5), "ms", 0.5)
    for how, jit_compile in HOW.items():
        peaks = (alone("benchmarks.capsules:step", whose, jit_compile)[1] for whose in LAYERS)
        yield Row(f"Capsule, {size}, {how}", *peaks, "MB", 0.5)
