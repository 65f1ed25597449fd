"""Choosing triplets in a batch: each rule gives the cost of every anchor.

A rule takes the distances between all embeddings, which of them are positives and which negatives
of each anchor (rows), all `(batch, batch)`, and the margin; it returns `(batch,)`, with 0 for an
anchor that has no triplet.
"""

from keras import ops


def squared(embeddings):
    """Compute the squared distances between all rows, `(batch, batch)`."""
    # The distances do not change, and small products lose fewer digits.
    embeddings = embeddings - ops.mean(embeddings, axis=0)
    norms = ops.sum(ops.square(embeddings), axis=-1)
    products = ops.matmul(embeddings, ops.transpose(embeddings))
    return ops.maximum(norms[:, None] + norms[None, :] - 2.0 * products, 0.0)


def euclidean(embeddings):
    """Compute the distances between all rows, `(batch, batch)`."""
    squares = squared(embeddings)
    # The root's slope is infinite at 0, and 0 times infinity is not a number.
    apart = squares > 0
    return ops.where(apart, ops.sqrt(ops.where(apart, squares, 1.0)), 0.0)


def all_triplets(distances, positive, negative, margin):
    """Average over every pair of a positive and a negative."""
    # (anchors, positives, negatives)
    costs = ops.relu(margin + distances[:, :, None] - distances[:, None, :])
    return _mean(costs, ops.logical_and(positive[:, :, None], negative[:, None, :]), axis=(1, 2))


def hardest(distances, positive, negative, margin):
    """Pair the farthest positive with the nearest negative."""
    farthest = ops.max(ops.where(positive, distances, 0.0), axis=1)
    nearest = ops.min(ops.where(negative, distances, float("inf")), axis=1)
    usable = ops.logical_and(ops.any(positive, axis=1), ops.any(negative, axis=1))
    return ops.where(usable, ops.relu(margin + farthest - nearest), 0.0)


def semi_hard(distances, positive, negative, margin):
    """Pair each positive with the nearest negative that is farther, or else the farthest."""
    # (anchors, positives, negatives)
    farther = ops.logical_and(negative[:, None, :], distances[:, None, :] > distances[:, :, None])
    nearest = ops.min(ops.where(farther, distances[:, None, :], float("inf")), axis=2)
    farthest = ops.max(ops.where(negative, distances, 0.0), axis=1, keepdims=True)
    chosen = ops.where(ops.any(farther, axis=2), nearest, farthest)
    costs = ops.relu(margin + distances - chosen)
    return _mean(costs, ops.logical_and(positive, ops.any(negative, axis=1, keepdims=True)), axis=1)


def _mean(costs, chosen, axis):
    chosen = ops.cast(chosen, costs.dtype)
    return ops.sum(costs * chosen, axis=axis) / ops.maximum(ops.sum(chosen, axis=axis), 1.0)


DISTANCES = {"euclidean": euclidean, "squared": squared}
MINING = {"all": all_triplets, "hard": hardest, "semi_hard": semi_hard}
