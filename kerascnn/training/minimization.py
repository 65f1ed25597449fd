"""One step of an optimizer on one of several networks."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops


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
    compute_losses, networks: Sequence[keras.Model], optimizer: keras.optimizers.Optimizer
):
    """Change the weights of networks along the gradient of their mean loss over all replicas.

    Args:
        compute_losses: Function without arguments that gives one value a sample, `(batch,)`.
        networks: The models whose weights change; all others stay.
        optimizer: What `prepare_optimizer` gave for these networks.

    Returns:
        The losses, `(batch,)`, before the change.
    """
    variables = _trainable(networks)
    weights = [variable.value for variable in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(weights)
        losses = compute_losses()
        loss = optimizer.scale_loss(mean_over_replicas(losses))
    optimizer.apply(tape.gradient(loss, weights), variables)
    return losses


def mean_over_replicas(values):
    """Divide the sum of a replica's values by the number of values on all replicas.

    Optimizers add the gradients of the replicas, so that they get the gradient of the mean over
    the global batch, also when the last batch is smaller on some replicas, or empty.

    Args:
        values: `(batch,)`, one value a sample.

    Returns:
        A scalar in float32.
    """
    count = ops.cast(ops.shape(values)[0], "float32")
    context = tf.distribute.get_replica_context()
    if context is not None and context.num_replicas_in_sync > 1:
        count = context.all_reduce("sum", count)
    return ops.sum(ops.cast(values, "float32")) / ops.maximum(count, 1.0)


def _trainable(networks: Sequence[keras.Model]) -> list[keras.Variable]:
    return [variable for network in networks for variable in network.trainable_variables]
