"""What the replicas of tf.distribute know of each other."""

import tensorflow as tf


def count() -> int:
    """Count the replicas that work on this step; 1 outside of a replica."""
    context = tf.distribute.get_replica_context()
    return 1 if context is None else context.num_replicas_in_sync


def gather(tensor):
    """Join the parts of a batch that the replicas hold, in their order.

    The parts may differ in size. Every replica gets the whole, and a gradient with respect to it
    reaches the replica that a row came from, added up over the replicas.

    Args:
        tensor: `(batch, ...)`, the part of this replica.

    Returns:
        `(global_batch, ...)`; the tensor itself outside of a replica, or where there is one only.
    """
    if count() == 1:
        return tensor
    return tf.distribute.get_replica_context().all_gather(tensor, axis=0)


def add(tensor):
    """Add up the tensors of the replicas; the tensor itself where there is one only."""
    if count() == 1:
        return tensor
    return tf.distribute.get_replica_context().all_reduce("sum", tensor)


def own_seed(seed):
    """Turn a seed of two integers, the same on all replicas, into another one on each.

    The first replica keeps its seed. Seeds that differ by a multiple of 7919 share their numbers.
    """
    if count() == 1:
        return seed
    context = tf.distribute.get_replica_context()
    replica = tf.cast(context.replica_id_in_sync_group, seed.dtype)
    return tf.stack([seed[0] + 7919 * replica, seed[1]])
