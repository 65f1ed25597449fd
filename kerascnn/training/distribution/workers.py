"""What several machines that train one model need besides a strategy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf


class WorkerLostError(RuntimeError):
    """Another worker has gone, and the training cannot go on without it."""


def worker_number(strategy: tf.distribute.Strategy) -> int:
    """Number this worker among those that train together; 0 is the chief, or the only one."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return 0
    resolver = strategy.cluster_resolver
    after_chief = len(resolver.cluster_spec().as_dict().get("chief", ()))
    return resolver.task_id + (after_chief if resolver.task_type == "worker" else 0)


def worker_folder(folder: Path, strategy: tf.distribute.Strategy) -> Path:
    """Name the folder of this worker, so that no two write one file; the chief's is the run's."""
    number = worker_number(strategy)
    return folder / f"worker-{number}" if number else folder


def check_parts(batch_size: int, strategy: tf.distribute.Strategy) -> None:
    """Refuse batches that do not divide among the replicas.

    Raises:
        ValueError: If some replicas would get more examples than others.
    """
    number = strategy.num_replicas_in_sync
    if batch_size % number:
        raise ValueError(
            f"The {number} replicas share a batch evenly; take a multiple of {number}. "
            f"Received: batch_size={batch_size}"
        )


@contextlib.contextmanager
def watching_workers(folder: Path) -> Iterator[None]:
    """Explain what TensorFlow says when another worker is gone.

    Args:
        folder: The run folder.

    Raises:
        WorkerLostError: If another worker is gone.
    """
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError) as error:
        raise WorkerLostError(
            "Another worker is gone, and this one can't train on without it. Start all workers "
            f"again, each with --resume {folder}; they go on with the last whole epoch."
        ) from error


def sharded(batches: tf.data.Dataset) -> tf.data.Dataset:
    """Let every worker take its part of each batch, whatever the examples are read from."""
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return batches.with_options(options)
