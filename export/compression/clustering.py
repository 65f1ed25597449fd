"""Lets the weights of each layer share a few values while a model trains."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from .centroids import Initializer, as_initializer, share
from .holding import Holding
from .kernels import Kernel, kernels


def cluster(
    model: keras.Model,
    count: int,
    *,
    initializer: str | Initializer = "k-means++",
    skip: Collection[str] = (),
    only: Collection[str] = ("*",),
) -> Clustering:
    """Make a callback that lets the weights of each layer have a few values only.

    When the training starts, each weight goes to the nearest of some centroids; from then on a
    centroid moves by the mean of the steps of its weights. The model stays a plain Keras model:
    there is nothing to strip. Zeros keep a centroid of their own, which does not move, so a pruned
    model stays one; weights that have few enough values already keep their groups.

    What it brings is a smaller compressed file: a float one shrinks to about `log2(count)` bits a
    weight. Files of int8 have one scale a channel, which turns one centroid into different integers
    where the channels' largest weights differ, so there it brings less; layers with one scale
    (dense ones) keep it all. Nothing becomes faster. For quantization-aware training, cluster the
    copy of `quantize_aware`, since folding the normalisation scales each channel.

    Args:
        model: A built Keras model; also one of several that a trainer fits.
        count: The number of values a layer's weights may have, 2 or more.
        initializer: Where the centroids start: `linear`: evenly from the smallest weight to the
            largest. `density`: with as many weights about each. `k-means++`: where the squared
            distances are small. A function from the weights and the number to the centroids, or
            what tensorflow-model-optimization has for that, is taken too.
        skip: Paths, names or patterns (`*`, `?`) of layers to leave alone.
        only: Paths, names or patterns of the layers to cluster.

    Returns:
        The callback, for `model.fit(..., callbacks=[clustering])`.

    Raises:
        ValueError: If an argument is ill-formed, or a name is of no layer.

    Example:
        >>> clustering = kerascnn.export.cluster(model, 16)  # doctest: +SKIP
        >>> model.fit(data, epochs=2, callbacks=[clustering])  # doctest: +SKIP

    Reference:
        https://arxiv.org/abs/1510.00149
    """
    if not isinstance(count, int) or count < 2:
        raise ValueError(f"There must be 2 centroids or more. Received: count={count!r}")
    return Clustering(model, kernels(model, skip, only), count, as_initializer(initializer))


class Clustering(Holding):
    """Keeps weights at shared values; made by `cluster`.

    Args:
        model: The model that is clustered.
        chosen: The kernels.
        count: The largest number of values in each.
        initializer: What places the centroids.
    """

    def __init__(
        self, model: keras.Model, chosen: Sequence[Kernel], count: int, initializer: Initializer
    ) -> None:
        super().__init__(model)
        self.count, self.initializer = count, initializer
        self._groups = []
        for kernel in chosen:
            numbers = self.keep(np.zeros(kernel.variable.shape), "int32")
            # One over the number of members: 0 holds the centroid of the zeros where it is.
            shares = self.keep(np.zeros(count), "float32")
            self._groups.append((kernel.variable, numbers, shares))
            self.hold(kernel.variable, partial(_shared, numbers=numbers, shares=shares))
        self._fresh = True

    def set_model(self, model: keras.Model) -> None:
        """Start: the groups are found at the first batch."""
        super().set_model(model)
        self._fresh = True

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Group the weights, once other callbacks have restored an interrupted training."""
        if not self._fresh:
            return
        self._fresh = False
        for variable, numbers, shares in self._groups:
            weights = ops.convert_to_numpy(variable)
            centroids, found = share(weights, self.count, self.initializer)
            members = np.bincount(found, minlength=self.count)
            still = (centroids == 0) | (members == 0)
            shares.assign(np.where(still, 0.0, 1.0 / np.maximum(members, 1)))
            numbers.assign(found.reshape(weights.shape))
            variable.assign(centroids[found].reshape(weights.shape))


def _shared(weights: Any, numbers: Any, shares: Any) -> Any:
    weights = ops.convert_to_tensor(weights)
    places = ops.reshape(numbers, (-1,))
    sums = ops.segment_sum(ops.reshape(weights, (-1,)), places, num_segments=shares.shape[0])
    means = sums * ops.cast(shares, weights.dtype)
    return ops.reshape(ops.take(means, places), ops.shape(weights))
