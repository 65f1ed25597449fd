"""Epochs that depend on nothing but their number, so that they can be begun again."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn.data import Dataset
from kerascnn.data.dataset import Order
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
    task: Task,
    model: keras.Model,
    dataset: Dataset,
    size: int,
    seed: tf.Variable,
    *,
    cache: bool = False,
) -> tf.data.Dataset:
    """Serve the training split, in another order each epoch.

    Under several replicas each worker reads its own examples and no others. Unless it reads whole
    files of records, the batch of all replicas together holds those that it holds on one device.

    Args:
        task: What the model is for.
        model: The model to train.
        dataset: What it learns from.
        size: Examples in a batch. A smaller last batch is dropped unless it is the only one.
        seed: Seed of the order, int64 `()`; its value at the start of an epoch counts.
        cache: Keep the decoded examples in memory.

    Raises:
        ValueError: If several replicas have not one whole batch.
    """
    count = int(dataset.train.cardinality())
    order = dataset.order
    if cache or order is None:
        order = _in_memory(dataset.train.cache() if cache else dataset.train, count)
    steps, whole = max(count // size, 1), count >= size

    def served(shards: int, index: int, part: int) -> tf.data.Dataset:
        def epoch(_: tf.Tensor) -> tf.data.Dataset:
            # This seeds the graph of this function only, and makes its order independent of
            # whatever the process was seeded with; beside a global seed of 0, `shuffle` takes no
            # tensor.
            tf.random.set_seed(1)
            examples = order(seed, shards, index)
            examples = examples.map(lambda e: task.example(e, model), tf.data.AUTOTUNE)
            return examples.batch(part, drop_remainder=whole)

        return tf.data.Dataset.range(1).flat_map(epoch).prefetch(tf.data.AUTOTUNE)

    strategy = model.distribute_strategy
    number = strategy.num_replicas_in_sync
    if number == 1:
        return served(1, 0, size).apply(tf.data.experimental.assert_cardinality(steps))
    if not whole:
        raise ValueError(
            f"{number} replicas need at least one whole batch of examples; take a smaller one. "
            f"Received: batch_size={size} for {count} examples"
        )

    def part(context: tf.distribute.InputContext) -> tf.data.Dataset:
        workers = context.num_input_pipelines
        least = int(order(seed, workers, workers - 1).cardinality())
        taken = least * workers // size * number // workers
        return served(workers, context.input_pipeline_id, size // number).take(taken)

    return strategy.distribute_datasets_from_function(part)


def _in_memory(split: tf.data.Dataset, count: int) -> Order:
    def order(seed: tf.Tensor | None, shards: int, index: int) -> tf.data.Dataset:
        return split.shuffle(min(count, BUFFER), seed).shard(shards, index)

    return order


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
