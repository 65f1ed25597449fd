"""One step of an optimizer on one of several networks."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops


def prepare_optimizer(optimizer: Any, network: keras.Model) -> keras.optimizers.Optimizer:
    """Create the optimizer's state for a network, with loss scaling where that is needed.

    Networks that compute in float16 lose small gradients unless the loss is scaled; Keras looks
    after this for the one optimizer of a model only.

    Args:
        optimizer: An optimizer, its name or its configuration.
        network: The model whose weights it will change.

    Returns:
        The optimizer, built for the trainable weights.
    """
    optimizer = keras.optimizers.get(optimizer)
    half = any(layer.compute_dtype == "float16" for layer in network.layers)
    if half and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(network.trainable_variables)
    return optimizer


def minimize(compute_losses, network: keras.Model, optimizer: keras.optimizers.Optimizer):
    """Change a network's weights along the gradient of its mean loss over all replicas.

    Args:
        compute_losses: Function without arguments that gives one value a sample, `(batch,)`.
        network: The model whose weights change; all others stay.
        optimizer: What `prepare_optimizer` gave for this network.

    Returns:
        The losses, `(batch,)`, before the change.
    """
    weights = [variable.value for variable in network.trainable_variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(weights)
        losses = compute_losses()
        loss = optimizer.scale_loss(mean_over_replicas(losses))
    optimizer.apply(tape.gradient(loss, weights), network.trainable_variables)
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
