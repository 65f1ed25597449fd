"""Local sparse attention against dense attention, in a training step."""

from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from benchmarks.measure import Row, alone
from kerascnn.layers import LocalSparseAttention2D, SelfAttention2D

CHANNELS = 64
LAYERS = {"sparse": LocalSparseAttention2D, "dense": SelfAttention2D}
# side in pixels: the most that sparse may take of dense, in time and in memory
LIMITS: dict[int, tuple[float | None, float | None]] = {
    32: (None, None),
    64: (1.0, 1.0),
    128: (0.5, 0.5),
}


def step(kind: str, side: int) -> Callable[[], Any]:
    """Prepare a forward and backward pass over one image."""
    layer = LAYERS[kind]()
    image = tf.random.stateless_normal((1, side, side, CHANNELS), (0, 0))
    layer.build(image.shape)
    layer.gain.gamma.assign(1.0)

    @tf.function
    def run():
        with tf.GradientTape() as tape:
            tape.watch(image)
            loss = tf.reduce_sum(layer(image, training=True) ** 2)
        return tape.gradient(loss, [image, *(w.value for w in layer.trainable_weights)])

    return lambda: [gradient.numpy() for gradient in run()]


def rows() -> Iterator[Row]:
    """Compare time and memory as the image grows."""
    for side, limits in LIMITS.items():
        ours, theirs = (alone("benchmarks.attention:step", kind, side) for kind in LAYERS)
        units = ("ms", "MB")
        for unit, mine, other, limit in zip(units, ours, theirs, limits, strict=True):
            yield Row(f"sparse and dense attention at {side} pixels", mine, other, unit, limit)
