"""The triplet loss: a negative shall be farther from the anchor than a positive, by a margin."""

from keras import ops, saving

from kerascnn.losses.distances import between_all, between_pairs
from kerascnn.losses.in_batch import InBatch, check_choice, check_distance, matches, prepare
from kerascnn.losses.mining import MINING, SOFT, cost


def triplet(y_true, y_pred, *, margin=0.2, distance="squared", mining="semi_hard", normalize=True):
    """Compute the triplet loss of each embedding in the batch, mining the triplets in the batch.

    Every embedding is an anchor once; of its triplets with a positive `p` (same label) and a
    negative `n` (another label), each costs `max(0, margin + d(a, p) - d(a, n))`, or with
    `margin="soft"` the softplus of `d(a, p) - d(a, n)`, which never stops pulling.

    - `mining="all"`: the mean over all triplets of the anchor.
    - `"hard"`: the farthest positive with the nearest negative.
    - `"semi_hard"`: the mean over the positives, each with the nearest negative that is farther
      than it; with the farthest negative where none is.
    - `None`: no mining, but explicit triplets.

    An anchor without a positive or without a negative costs 0. The distance's gradient is 0
    between equal embeddings. Memory grows with `batch^2`, and time with `batch^2 log(batch)`:
    the rows of the distances are sorted, so that no triplet is looked at by itself. The one
    exception is `mining="all"` with a soft margin, whose time grows with `batch^3`.

    Args:
        y_true: Integer labels, `(batch,)` or `(batch, 1)`; ignored without mining.
        y_pred: Embeddings, `(batch, dim)`; without mining `(batch, 3, dim)`, each an anchor, its
            positive and its negative. Without `normalize` numbers are below 1e18.
        margin: How much farther the negative shall be, in units of the distance, above 0; or
            `"soft"`.
        distance: `"euclidean"`, `"squared"`, the square of it, or `"cosine"`, one minus the cosine.
        mining: `"all"`, `"hard"`, `"semi_hard"` or None.
        normalize: Scale the embeddings to unit length first; distances are then at most 2, or 4
            if squared.

    Returns:
        `(batch,)`, one cost an anchor, in float32 or wider.

    Raises:
        ValueError: If an option is not one of those above, the margin is not positive, or the
            embeddings have another shape.

    Example:
        >>> embeddings = [[0.0, 0.0], [3.0, 4.0], [2.0, 0.0]]
        >>> triplet([0, 0, 1], embeddings, margin=1.0, distance="euclidean", normalize=False)[0]
        4.0

    Reference:
        https://arxiv.org/abs/1503.03832 (semi-hard), https://arxiv.org/abs/1703.07737 (hard, soft)
    """
    _check(margin, distance, mining)
    embeddings = prepare(y_pred, normalize, explicit=3 if mining is None else 0)
    if mining is None:
        anchor, *others = (embeddings[:, place] for place in range(3))
        near, far = (between_pairs(distance, anchor, other) for other in others)
        return cost(near - far, margin)
    same, others = matches(y_true)
    positive, negative = ops.logical_and(same, others), ops.logical_not(same)
    return MINING[mining](between_all(distance, embeddings), positive, negative, margin)


@saving.register_keras_serializable(package="kerascnn")
class Triplet(InBatch):
    """Compute `triplet` of embeddings and integer labels, with the triplets of the batch.

    The defaults are FaceNet's. A batch must hold several images of several classes each.

    Args:
        margin: How much farther a negative shall be, in units of the distance, above 0, or
            `"soft"` for the softplus of the difference.
        distance: `"euclidean"`, `"squared"` or `"cosine"`.
        mining: `"all"`, `"hard"`, `"semi_hard"`, or None for predictions of
            `(batch, 3, dim)`: anchor, positive and negative.
        normalize: Scale the embeddings to unit length first.
        across_replicas: Under tf.distribute, mine in the global batch, so that the result is that
            of one device. False mines in the part of each replica, with less to compute.
        reduction: How the anchors are reduced, as in every Keras loss.
        name: Name of the loss.
        dtype: Precision of the computation; labels above 2^24 need float64.

    Raises:
        ValueError: If an option is not one of those above, or the margin is not positive.

    Example:
        >>> model.compile(optimizer="adam", loss=kerascnn.losses.Triplet())
        >>> model.fit(images, labels)
    """

    def __init__(
        self,
        *,
        margin: float | str = 0.2,
        distance: str = "squared",
        mining: str | None = "semi_hard",
        normalize: bool = True,
        across_replicas: bool = True,
        reduction="sum_over_batch_size",
        name="triplet",
        dtype=None,
    ) -> None:
        _check(margin, distance, mining)
        options = {
            "margin": margin,
            "distance": distance,
            "mining": mining,
            "normalize": normalize,
        }
        super().__init__(
            triplet, options, across_replicas, name=name, reduction=reduction, dtype=dtype
        )


def _check(margin, distance, mining):
    if margin != SOFT and (isinstance(margin, str) or margin <= 0):
        raise ValueError(f"margin must be above 0 or {SOFT!r}. Received: margin={margin!r}")
    check_distance(distance)
    check_choice("mining", mining, (*MINING, None))
