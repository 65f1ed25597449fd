"""What it costs to explain parts by objects, and how few objects should do it."""

import math

import keras
from keras import ops

_NOBODY = -2.0 * math.log(10.0)  # log density, and log weight, of a part that is no object's
_EPSILON = 1e-6


def part_nats(poses, presences, votes, scales, weights):
    """Compute the negative log-likelihood of parts, each a mixture of the votes of objects.

    The votes are Gaussian in each of the six numbers of a pose; there is a weak vote of nobody
    for any pose. A part counts as far as it is present. Computed in float32 or wider.

    Args:
        poses: Poses of the parts, `(batch, parts, 6)`.
        presences: Their presences in [0, 1], `(batch, parts)`.
        votes: Poses that each object predicts, `(batch, objects, parts, 6)`.
        scales: Standard deviations of the votes, above 0, `(batch, objects, parts)`.
        weights: Presences of the votes in [0, 1], `(batch, objects, parts)`.

    Returns:
        The sum over the parts, `(batch,)`, in nats, and what each object explains of each part,
        in [0, 1], `(batch, objects, parts)`.

    Reference:
        https://arxiv.org/abs/1906.06818, eq. 5
    """
    wide = keras.backend.result_type(poses.dtype, "float32")
    values = (poses, presences, votes, scales, weights)
    poses, presences, votes, scales, weights = (ops.cast(x, wide) for x in values)
    errors = (ops.expand_dims(poses, axis=1) - votes) / ops.expand_dims(scales, axis=-1)
    densities = -0.5 * ops.sum(ops.square(errors), axis=-1)
    densities = densities - 6.0 * (ops.log(scales) + 0.5 * math.log(2 * math.pi))
    logits = ops.log(ops.maximum(weights, _EPSILON))
    nobody = ops.full_like(logits[:, :1], _NOBODY)
    joint = ops.concatenate([logits + densities, 2.0 * nobody], axis=1)
    total = ops.logsumexp(ops.concatenate([logits, nobody], axis=1), axis=1)
    likelihoods = ops.logsumexp(joint, axis=1) - total
    return -ops.sum(presences * likelihoods, axis=1), ops.softmax(joint, axis=1)[:, :-1]


def uneven_presences(presences, *, within: float, share: float):
    """Compute how far the sums of presences are from what they should be.

    Args:
        presences: Presences of objects in [0, 1], `(batch, objects)`.
        within: Number of objects that should be present in an example.
        share: Share of the examples in which an object should be present.

    Returns:
        The squared distance of each example's sum, `(batch,)`, and the mean squared distance of
        the objects' sums, `()`.

    Reference:
        https://arxiv.org/abs/1906.06818, section 2.4
    """
    examples = ops.square(ops.sum(presences, axis=1) - within)
    return examples, ops.mean(ops.square(ops.sum(presences - share, axis=0)))


def presence_entropies(presences):
    """Compute the entropies of presences, as shares of their sums.

    Args:
        presences: Presences of objects in [0, 1], `(batch, objects)`.

    Returns:
        The entropy within each example, `(batch,)`, and the one of the whole batch, `()`, in nats.

    Reference:
        https://arxiv.org/abs/1906.06818, section 2.4
    """
    return _entropy(presences), _entropy(ops.sum(presences, axis=0))


def object_sparsity(presences, masses, *, num_classes: int):
    """Compute what it costs that not a few objects explain an example, each another one.

    `2 w + 0.35 b` of the distances within examples and between them, from `uneven_presences`,
    and `0.7 w - 0.2 b` of the entropies of what is explained, with the paper's numbers for MNIST.

    Args:
        presences: Presences of objects in [0, 1], `(batch, objects)`.
        masses: Parts that each object explains, at least 0, `(batch, objects)`.
        num_classes: Number of classes, equally many examples and objects for each.

    Returns:
        `(batch,)`, in float32 or wider.

    Reference:
        https://arxiv.org/abs/1906.06818, section 2.4
    """
    wide = keras.backend.result_type(presences.dtype, "float32")
    presences, masses = ops.cast(presences, wide), ops.cast(masses, wide)
    share = 1.0 / num_classes
    within, between = uneven_presences(presences, within=presences.shape[1] * share, share=share)
    inside, outside = presence_entropies(masses)
    return 2.0 * within + 0.35 * between + 0.7 * inside - 0.2 * outside


def _entropy(x):
    shares = x / ops.maximum(ops.sum(x, axis=-1, keepdims=True), _EPSILON)
    return -ops.sum(shares * ops.log(ops.maximum(shares, _EPSILON)), axis=-1)
