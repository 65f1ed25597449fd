"""What Keras does wrong where several replicas train, put right: the only place that changes Keras.

Every cure wraps a method that Keras does not call public, and changes nothing with one replica. A
test of each fails when a newer Keras makes it needless, or is no longer reached by it.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from kerascnn import replicas
from kerascnn.training.distribution.parts import predict_for_none, run_on_parts
from kerascnn.training.distribution.refusals import refuse_what_cannot_work

_TRAINER: Any = next(kind for kind in keras.Model.__mro__ if kind.__name__ == "TensorFlowTrainer")
_TRAINING: Any = sys.modules[_TRAINER.__module__]
_BACKEND: Any = sys.modules[_TRAINER.__mro__[1].__module__].backend
_OPTIMIZER: Any = keras.optimizers.Optimizer


def cure() -> None:
    """Replace what is wrong in Keras, for this process."""
    for owner, name, cured in (
        (_TRAINER, "fit", refuse_what_cannot_work),
        (_TRAINER, "_maybe_symbolic_build", build_from_a_part_of_the_batch),
        (_TRAINER, "_make_function", loop_around_the_replicas),
        (_TRAINER, "predict_step", predict_for_none),
        (_TRAINER, "_compute_loss", weigh_by_the_number_of_examples),
        (_TRAINING, "reduce_per_replica", average_scalars_of_workers),
        (_OPTIMIZER, "_backend_apply_gradients", add_gradients_before_they_are_clipped),
        (_OPTIMIZER, "_all_reduce_sum_gradients", leave_added_gradients),
        (keras.optimizers.LossScaleOptimizer, "check_finite", look_at_the_gradients_of_all),
        (keras.random.SeedGenerator, "next", draw_other_numbers_on_each_replica),
    ):
        _replace(owner, name, cured)


def _replace(owner: Any, name: str, cured: Callable[..., Any]) -> None:
    honest = getattr(owner, name)
    if hasattr(honest, "kerascnn_cure"):
        return

    @functools.wraps(honest)
    def method(*args: Any, **kwargs: Any) -> Any:
        return cured(honest, *args, **kwargs)

    method.kerascnn_cure = cured.__name__  # type: ignore[attr-defined]
    setattr(owner, name, method)


def build_from_a_part_of_the_batch(honest, model, iterator=None, data_batch=None):
    """Build from what one replica sees, and by the model's own step where it has one."""
    strategy = model.distribute_strategy
    if iterator is not None and strategy.num_replicas_in_sync > 1:
        _, _, batches = next(iter(iterator))
        local = strategy.experimental_local_results
        data_batch = keras.tree.map_structure(lambda value: local(value)[0], next(batches))
        iterator = None
        if type(model).test_step is not _TRAINER.test_step:
            compiled = [part for part in (model._compile_metrics, model._compile_loss) if part]
            if not all(part.built for part in compiled):
                with strategy.scope():
                    _BACKEND.compute_output_spec(model.test_step, data_batch)
    return honest(model, iterator, data_batch)


def loop_around_the_replicas(honest, model, step_function):
    """Run steps on batches of any size, several by a loop without conditions around replicas."""
    steps, strategy = model.steps_per_execution, model.distribute_strategy
    once = honest(model, step_function)
    if strategy.num_replicas_in_sync == 1:
        return once

    def step(data):
        outputs = run_on_parts(model, step_function, data)
        return _TRAINING.reduce_per_replica(outputs, strategy, "auto")

    def body(done, _, following, iterator):
        logs = step(following.get_value())
        # One more would be lost to the next execution.
        more = done + 1 < steps
        return done + 1, logs, tf.cond(more, iterator.get_next_as_optional, lambda: following)

    def goes_on(done, _, following):
        return tf.logical_and(done < steps, following.has_value())

    @tf.autograph.experimental.do_not_convert
    def execute(iterator):
        logs = step(iterator.get_next())
        if steps == 1:
            return logs
        first = tf.constant(1), logs, iterator.get_next_as_optional()
        return tf.while_loop(goes_on, functools.partial(body, iterator=iterator), first)[1]

    ours = execute if model.run_eagerly else tf.function(execute, reduce_retracing=True)
    return lambda x: (ours if isinstance(x, tf.distribute.DistributedIterator) else once)(x)


def weigh_by_the_number_of_examples(honest, model, x, y, y_pred, sample_weight, training=True):
    """Let every example weigh the same, also where a last batch gives a replica fewer."""
    loss = honest(model, x, y, y_pred, sample_weight, training)
    number = replicas.count()
    if number == 1:
        return loss
    count = keras.ops.cast(keras.ops.shape(keras.tree.flatten(x)[0])[0], loss.dtype)
    share = count * number / replicas.add(count)
    # The value is a metric's, which weighs by itself; the gradient is the optimizer's.
    return share * loss + keras.ops.stop_gradient(loss - share * loss)


def average_scalars_of_workers(honest, values, strategy, reduction):
    """Average the logs of workers, which have no axis of examples."""
    many = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
    if many and reduction == "auto":
        return keras.tree.map_structure(lambda v: strategy.reduce("MEAN", v, axis=None), values)
    return honest(values, strategy, reduction)


def add_gradients_before_they_are_clipped(honest, optimizer, gradients, variables):
    """Add the gradients of the replicas up first: clipped parts are not a clipped whole."""
    if replicas.count() > 1:
        there = [one for one in gradients if one is not None]
        added = iter(tf.distribute.get_replica_context().all_reduce("sum", there))
        gradients = [None if one is None else next(added) for one in gradients]
    return honest(optimizer, gradients, variables)


def leave_added_gradients(honest, optimizer, pairs):
    """Do not add up again what is added up."""
    return honest(optimizer, pairs) if replicas.count() == 1 else pairs


def look_at_the_gradients_of_all(honest, optimizer, gradients):
    """Refuse the step of all replicas where one has an infinite gradient, not only the first."""
    finite = honest(optimizer, gradients)
    if replicas.count() == 1:
        return finite
    return replicas.add(keras.ops.cast(finite, "float32")) == replicas.count()


def draw_other_numbers_on_each_replica(honest, generator, ordered=True):
    """Give every replica its own noise and dropout, where Keras gives all of them the same."""
    return replicas.own_seed(honest(generator, ordered))
