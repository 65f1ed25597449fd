"""Losses that ask for a margin between matching and other pairs."""

import keras
from keras import ops

from kerascnn.losses.mining import DISTANCES, MINING


def triplet(y_true, y_pred, *, margin=0.2, distance="squared", mining="semi_hard", normalize=True):
    """Compute the triplet loss of each embedding in the batch, mining the triplets in the batch.

    Every embedding is an anchor once; of its triplets with a positive `p` (same label) and a
    negative `n` (another label), each costs `max(0, margin + d(a, p) - d(a, n))`.

    - `mining="all"`: the mean over all triplets of the anchor.
    - `"hard"`: the farthest positive with the nearest negative.
    - `"semi_hard"`: the mean over the positives, each with the nearest negative that is farther
      than it; with the farthest negative where none is.

    An anchor without a positive or without a negative costs 0. The distance's gradient is 0
    between equal embeddings. Memory grows with `batch^2` for `"hard"` and with `batch^3` for
    `"all"` and `"semi_hard"`: 0.5 GB a tensor at a batch of 512.

    Args:
        y_true: Integer labels, `(batch,)` or `(batch, 1)`, below 2^24.
        y_pred: Embeddings, `(batch, dim)`.
        margin: How much farther the negative shall be, in units of the distance, above 0.
        distance: `"euclidean"` or `"squared"`, the square of it.
        mining: `"all"`, `"hard"` or `"semi_hard"`.
        normalize: Scale the embeddings to unit length first; distances are then at most 2.

    Returns:
        `(batch,)`, one cost an anchor, in float32 or wider.

    Raises:
        ValueError: If an option is not one of those above, or the margin is not positive.

    Example:
        >>> embeddings = [[0.0, 0.0], [3.0, 4.0], [2.0, 0.0]]
        >>> triplet([0, 0, 1], embeddings, margin=1.0, distance="euclidean", normalize=False)[0]
        4.0

    Reference:
        https://arxiv.org/abs/1503.03832
    """
    _check(margin, distance, mining)
    labels = ops.reshape(ops.convert_to_tensor(y_true), (-1,))
    embeddings = ops.convert_to_tensor(y_pred)
    embeddings = ops.cast(embeddings, keras.backend.result_type(embeddings.dtype, "float32"))
    if normalize:
        embeddings = ops.normalize(embeddings, axis=-1, epsilon=1e-12)
    distances = DISTANCES[distance](embeddings)
    same = ops.equal(labels[:, None], labels[None, :])
    positive = ops.logical_and(same, ops.logical_not(ops.eye(ops.shape(labels)[0], dtype="bool")))
    return MINING[mining](distances, positive, ops.logical_not(same), margin)


@keras.saving.register_keras_serializable(package="kerascnn")
class Triplet(keras.losses.Loss):
    """Compute `triplet` of embeddings and integer labels, with the triplets of the batch.

    The defaults are FaceNet's. A batch must hold several images of several classes each.

    Args:
        margin: How much farther a negative shall be, in units of the distance, above 0.
        distance: `"euclidean"` or `"squared"`.
        mining: `"all"`, `"hard"` or `"semi_hard"`.
        normalize: Scale the embeddings to unit length first.
        reduction: How the anchors are reduced, as in every Keras loss.
        name: Name of the loss.
        dtype: Precision of the computation.

    Raises:
        ValueError: If an option is not one of those above, or the margin is not positive.

    Example:
        >>> model.compile(optimizer="adam", loss=kerascnn.losses.Triplet())
        >>> model.fit(images, labels)
    """

    def __init__(
        self,
        *,
        margin: float = 0.2,
        distance: str = "squared",
        mining: str = "semi_hard",
        normalize: bool = True,
        reduction="sum_over_batch_size",
        name="triplet",
        dtype=None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        _check(margin, distance, mining)
        self.options = {
            "margin": margin,
            "distance": distance,
            "mining": mining,
            "normalize": normalize,
        }

    def call(self, y_true, y_pred):
        """Give one cost an anchor."""
        return triplet(y_true, y_pred, **self.options)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), **self.options}


def _check(margin, distance, mining):
    if margin <= 0:
        raise ValueError(f"margin must be above 0. Received: margin={margin}")
    for name, value, known in (
        ("distance", distance, DISTANCES),
        ("mining", mining, MINING),
    ):
        if value not in known:
            raise ValueError(f"{name} must be one of {tuple(known)}. Received: {name}={value!r}")
