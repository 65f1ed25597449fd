"""One step of an optimizer on one of several networks."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from kerascnn.replicas import add


def prepare_optimizer(
    optimizer: Any, networks: Sequence[keras.Model]
) -> keras.optimizers.Optimizer:
    """Create the optimizer's state for networks, with loss scaling where that is needed.

    Networks that compute in float16 lose small gradients unless the loss is scaled; Keras looks
    after this for the one optimizer of a model only.

    Args:
        optimizer: An optimizer, its name or its configuration.
        networks: The models whose weights it will change.

    Returns:
        The optimizer, built for the trainable weights.
    """
    optimizer = keras.optimizers.get(optimizer)
    layers = [layer for network in networks for layer in network.layers]
    half = any(layer.compute_dtype == "float16" for layer in layers)
    if half and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(_trainable(networks))
    return optimizer


def minimize(
    compute_losses,
    data,
    networks: Sequence[keras.Model],
    optimizer: keras.optimizers.Optimizer,
    *,
    parts: int = 1,
):
    """Change the weights of networks along the gradient of their mean loss over all replicas.

    Args:
        compute_losses: Function of `data` that gives one value a sample, `(batch,)`.
        data: Tensors in any structure, samples along the first axis.
        networks: The models whose weights change; all others stay.
        optimizer: What `prepare_optimizer` gave for these networks.
        parts: Parts that the batch is cut into, whose gradients are added up one after the other,
            so that the memory is that of one.

    Returns:
        The losses, `(batch,)`, before the change.
    """
    variables = _trainable(networks)
    weights = [variable.value for variable in variables]
    count = ops.shape(keras.tree.flatten(data)[0])[0]
    whole, losses, gradients = count_on_replicas(count), [], []
    for part in range(parts):
        given = _rows(data, count * part // parts, count * (part + 1) // parts)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            losses.append(ops.cast(compute_losses(*(given if parts > 1 else data)), "float32"))
            loss = optimizer.scale_loss(ops.sum(losses[-1]) / whole)
        gradients.append(tape.gradient(loss, weights))
    optimizer.apply([_added(each) for each in zip(*gradients, strict=True)], variables)
    return ops.concatenate(losses)


def count_on_replicas(count):
    """Add up the numbers of samples of all replicas, in float32, at least 1.

    Optimizers add the gradients of the replicas, so that a sum of losses over this number gives
    the gradient of the mean over the global batch, also when the last batch is smaller on some
    replicas, or empty.
    """
    return ops.maximum(add(ops.cast(count, "float32")), 1.0)


def _trainable(networks: Sequence[keras.Model]) -> list[keras.Variable]:
    return [variable for network in networks for variable in network.trainable_variables]


def _rows(data, first, last):
    return keras.tree.map_structure(lambda one: None if one is None else one[first:last], data)


def _added(gradients):
    """Add up the gradients of the parts by one weight; None where no loss depends on it."""
    return gradients[0] if len(gradients) == 1 or gradients[0] is None else tf.add_n(gradients)
