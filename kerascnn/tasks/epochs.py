"""Epochs that depend on nothing but their number, so that they can be begun again."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn.tasks.task import Task
from kerascnn.training.distribution import sharded

BUFFER = 20_000  # examples to shuffle among


class Chance(keras.callbacks.Callback):
    """Makes the order of the examples and what layers draw depend on the epoch's number alone.

    Backups do not hold the state of random numbers, so a resumed epoch must not need it.

    Args:
        seed: Seed of the run, at least 0.

    Attributes:
        order: The seed of the epoch's order, int64 `()`.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.start = seed
        self.order = tf.Variable(0, dtype="int64", trainable=False)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Set the seeds of the order and of every layer that draws."""
        # What the state of a random layer looks like among the model's variables.
        state = keras.random.SeedGenerator(0).state
        states = [
            variable
            for variable in self.model.variables
            if (variable.name, variable.dtype) == (state.name, state.dtype)
        ]
        drawn = np.random.SeedSequence((self.start, epoch)).generate_state(1 + 2 * len(states))
        self.order.assign(int(drawn[0]))
        for variable, values in zip(states, drawn[1:].reshape(-1, 2), strict=True):
            variable.assign(values.astype(variable.dtype))


def batches(
    task: Task, model: keras.Model, split: tf.data.Dataset, size: int, seed: tf.Variable
) -> tf.data.Dataset:
    """Serve the training split, in another order each epoch.

    Args:
        task: What the model is for.
        model: The model to train.
        split: Unbatched examples.
        size: Examples in a batch. A smaller last batch is dropped unless it is the only one.
        seed: Seed of the order, int64 `()`; its value at the start of an epoch counts.
    """
    count = int(split.cardinality())
    examples = split.map(lambda e: task.example(e, model), num_parallel_calls=tf.data.AUTOTUNE)
    whole = count >= size

    def epoch(_: tf.Tensor) -> tf.data.Dataset:
        # This seeds the graph of this function only, and makes its order independent of whatever
        # the process was seeded with; beside a global seed of 0, `shuffle` takes no tensor.
        tf.random.set_seed(1)
        shuffled = examples.shuffle(min(count, BUFFER), seed)
        return shuffled.batch(size, drop_remainder=whole)

    served = tf.data.Dataset.range(1).flat_map(epoch).prefetch(tf.data.AUTOTUNE)
    counted = tf.data.experimental.assert_cardinality(max(count // size, 1))
    return sharded(served.apply(counted))


def held_out(
    task: Task, model: keras.Model, split: tf.data.Dataset, size: int
) -> tf.data.Dataset | None:
    """Serve the validation split in its own order; None where it says nothing.

    Up to as many examples as there are replicas but one are left out, so that all get the same.
    """
    if not task.validates:
        return None
    number = model.distribute_strategy.num_replicas_in_sync
    split = split.take(int(split.cardinality()) // number * number)
    examples = split.map(lambda e: task.example(e, model), num_parallel_calls=tf.data.AUTOTUNE)
    return sharded(examples.batch(size).prefetch(tf.data.AUTOTUNE))


def cosine(peak: float, epochs: int) -> keras.callbacks.Callback:
    """Let the step size fall along half a cosine, from its peak to almost 0 in the last epoch."""
    return keras.callbacks.LearningRateScheduler(
        lambda epoch, _: 0.5 * peak * (1 + math.cos(math.pi * epoch / epochs))
    )
