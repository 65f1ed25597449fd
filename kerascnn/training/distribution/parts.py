"""A step of several replicas, also on a batch that does not give each of them an example."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from kerascnn import replicas


def run_on_parts(model, step_function, data):
    """Run a step on the parts of a batch, or on the whole everywhere where a part is empty.

    Convolutions crash on no example, and the mean of as many equal gradients is the gradient.

    Args:
        model: The model to train.
        step_function: Its step on the part of a replica.
        data: The parts.

    Returns:
        What the step gives on each replica.

    Raises:
        tf.errors.InvalidArgumentError: If a part is empty where several workers train: none sees
            what the others hold.
    """
    strategy = model.distribute_strategy
    step = model._autoconvert_optionals(step_function)
    parts = [strategy.experimental_local_results(one) for one in keras.tree.flatten(data)]
    if all(part.shape[0] for part in parts[0]):  # sizes that are known beforehand, as a TPU's
        return strategy.run(step, (data,))
    if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return strategy.run(_refuse_none(step), (data,))
    empty = tf.reduce_any([tf.equal(tf.shape(part)[0], 0) for part in parts[0]])
    whole = [_whole_if(empty, strategy, one) for one in parts]
    given = keras.tree.pack_sequence_as(data, whole)
    return strategy.run(_measure_once(model, step), (given, empty))


def predict_for_none(honest, model, data):
    """Give no output for no example, where it is the part of a replica."""
    if replicas.count() == 1:
        return honest(model, data)
    count = tf.shape(keras.tree.flatten(data)[0])[0]
    missing = tf.maximum(1 - count, 0)

    def with_some(value):  # a padding would be taken for that of a convolution that follows
        rest = tf.concat([[missing], tf.shape(value)[1:]], 0)
        return tf.concat([value, tf.zeros(rest, value.dtype)], 0)

    outputs = honest(model, keras.tree.map_structure(with_some, data))
    return keras.tree.map_structure(lambda value: value[:count], outputs)


def _whole_if(empty: tf.Tensor, strategy: tf.distribute.Strategy, parts: Any) -> Any:
    def of(context):
        part = parts[context.replica_id_in_sync_group]
        return tf.cond(empty, lambda: tf.concat(parts, 0), lambda: part)

    return strategy.experimental_distribute_values_from_function(of)


def _measure_once(model, step_function):
    """Let what all replicas do count in the metrics of the first."""

    def step(data, repeated):
        context = tf.distribute.get_replica_context()
        measured = [variable for metric in model.metrics for variable in metric.variables]
        before = [tf.identity(variable.value) for variable in measured]
        logs = step_function(data)
        again = repeated & (context.replica_id_in_sync_group > 0)
        for variable, value in zip(measured, before, strict=True):
            variable.assign(tf.where(again, value, variable.value))
        return logs

    return step


def _refuse_none(step_function):
    def step(data):
        count = tf.shape(keras.tree.flatten(data)[0])[0]
        enough = tf.debugging.assert_positive(
            count,
            "The last batch leaves a worker without an example. Drop it, as "
            "Dataset.batch(..., drop_remainder=True) does, or take another batch size.",
        )
        with tf.control_dependencies([] if enough is None else [enough]):
            return step_function(keras.tree.map_structure(tf.identity, data))

    return step
