"""Mining all and semi-hard triplets by sorting, against comparing all of them."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from benchmarks.measure import Row, alone
from kerascnn.losses import triplet
from kerascnn.losses.distances import between_all, unit

BATCHES = (128, 256, 512, 1024, 2048, 4096)
DIM, IMAGES = 64, 8  # numbers of an embedding, images of a class
ROOM = 8e9  # bytes that the cubic form may take
MARGIN = 0.2


def cubic(mining: str, labels: Any, embeddings: Any) -> Any:
    """Compare every positive of every anchor with every negative."""
    distances = between_all("squared", unit(embeddings))
    same = ops.equal(labels[:, None], labels[None, :])
    positive = ops.logical_and(same, ops.logical_not(ops.eye(len(labels), dtype="bool")))
    # (anchors, positives, negatives)
    near, far, negative = distances[:, :, None], distances[:, None, :], ~same[:, None, :]
    if mining == "semi_hard":
        farther = ops.logical_and(negative, far > near)
        nearest = ops.min(ops.where(farther, far, float("inf")), axis=2, keepdims=True)
        farthest = ops.max(ops.where(negative, far, 0.0), axis=2, keepdims=True)
        far = ops.where(ops.any(farther, axis=2, keepdims=True), nearest, farthest)
        negative = ops.ones((1, 1, 1), dtype="bool")
    costs = ops.relu(MARGIN + near - far)
    chosen = ops.cast(ops.logical_and(positive[:, :, None], negative), costs.dtype)
    return ops.sum(costs * chosen, axis=(1, 2)) / ops.maximum(ops.sum(chosen, axis=(1, 2)), 1.0)


def sorting(mining: str, labels: Any, embeddings: Any) -> Any:
    """Compute the loss as the library does."""
    return triplet(labels, embeddings, mining=mining, margin=MARGIN)


def step(whose: str, mining: str, batch: int) -> Callable[[], Any]:
    """Prepare a loss and its gradient."""
    losses = {"ours": sorting, "theirs": cubic}
    embeddings = tf.random.stateless_normal((batch, DIM), (0, 0))
    labels = tf.range(batch) // IMAGES

    @tf.function
    def run():
        with tf.GradientTape() as tape:
            tape.watch(embeddings)
            loss = tf.reduce_mean(losses[whose](mining, labels, embeddings))
        return tape.gradient(loss, embeddings)

    return lambda: run().numpy()


def rows() -> Iterator[Row]:
    """Compare time and peak memory, and fit how ours grows with the batch."""
    for mining in ("all", "semi_hard"):
        times = []
        for batch in BATCHES:
            ours, theirs = (
                alone("benchmarks.triplet:step", whose, mining, batch, runs=7)
                if whose == "ours" or 5 * 4 * batch**3 < ROOM
                else (None, None)
                for whose in ("ours", "theirs")
            )
            what = f"Triplet(mining={mining!r}), a batch of {batch}"
            compared = theirs[0] is not None
            yield Row(what, ours[0], theirs[0], "ms", 1.05 if compared else None)
            yield Row(what, ours[1], theirs[1], "MB", None if compared else 4096.0)
            times.append(ours[0])
        exponent = np.polyfit(np.log(BATCHES), np.log(times), 1)[0]
        yield Row(f"Triplet(mining={mining!r}), exponent of the time", exponent, None, "", 2.3)
