"""The contrastive loss: matching pairs are close, and others a margin apart."""

from keras import ops, saving

from kerascnn.losses.contrastive_forms import FORMS
from kerascnn.losses.distances import between_all, between_pairs
from kerascnn.losses.in_batch import InBatch, check_choice, check_distance, matches, prepare


def contrastive(
    y_true,
    y_pred,
    *,
    form="lecun",
    margin=1.0,
    distance="euclidean",
    mining="all",
    match_label=1,
    normalize=False,
):
    """Compute the contrastive loss of pairs of embeddings at the distance `d`.

    | form | a matching pair costs | another pair costs |
    |---|---|---|
    | `"lecun"` | `d^2 / 2` | `max(0, margin - d)^2 / 2` |
    | `"squared"` | `d^2` | `max(0, margin - d)^2` |
    | `"legacy"` | `d^2` | `max(0, margin - d^2)` |
    | `"survey"` | `d` | `max(0, margin - d)` |

    With `mining="all"` the pairs are those of the batch, matching where their labels are equal,
    and each embedding gets the mean over its pairs with the others; an embedding alone costs 0.
    With `mining=None` pairs are explicit. The distance's gradient is 0 between equal embeddings.
    Time and memory grow with `batch^2`.

    Args:
        y_true: Integer labels, `(batch,)` or `(batch, 1)`; without mining `match_label` where the
            pair matches.
        y_pred: Embeddings, `(batch, dim)`; without mining `(batch, 2, dim)`.
        form: `"lecun"`, `"squared"`, `"legacy"` or `"survey"`.
        margin: How far apart others shall be, in units of the distance (of its square in
            `"legacy"`), above 0.
        distance: `"euclidean"`, `"squared"` or `"cosine"`.
        mining: `"all"` or None.
        match_label: 1 or 0, the target of a matching explicit pair; the other one says that it
            does not match. The paper has 0.
        normalize: Scale the embeddings to unit length first.

    Returns:
        `(batch,)`, one cost an embedding or pair, in float32 or wider.

    Raises:
        ValueError: If an option is not one of those above, the margin is not positive, or the
            embeddings have another shape.

    Example:
        >>> contrastive([1], [[[0.0, 0.0], [3.0, 4.0]]], mining=None)
        [12.5]

    Reference:
        http://yann.lecun.com/exdb/publis/pdf/hadsell-chopra-lecun-06.pdf
    """
    _check(form, margin, distance, mining, match_label)
    embeddings = prepare(y_pred, normalize, explicit=2 if mining is None else 0)
    if mining is None:
        match = ops.reshape(ops.cast(y_true, embeddings.dtype), (-1,))
        match = match if match_label == 1 else 1.0 - match
        distances = between_pairs(distance, embeddings[:, 0], embeddings[:, 1])
        return _costs(form, distances, match, margin)
    same, others = matches(y_true)
    distances = between_all(distance, embeddings)
    costs = _costs(form, distances, ops.cast(same, distances.dtype), margin)
    partners = ops.cast(ops.shape(distances)[0] - 1, distances.dtype)
    return ops.sum(ops.where(others, costs, 0.0), axis=1) / ops.maximum(partners, 1.0)


@saving.register_keras_serializable(package="kerascnn")
class Contrastive(InBatch):
    """Compute `contrastive` of embeddings and integer labels, with the pairs of the batch.

    Args:
        form: `"lecun"`, `"squared"`, `"legacy"` or `"survey"`, as in `contrastive`.
        margin: How far apart the embeddings of different classes shall be, above 0.
        distance: `"euclidean"`, `"squared"` or `"cosine"`.
        mining: `"all"`, or None for predictions of `(batch, 2, dim)` whose targets say whether
            the pair matches.
        match_label: 1 or 0, the target of a matching explicit pair.
        normalize: Scale the embeddings to unit length first.
        across_replicas: Under tf.distribute, pair the embeddings of the global batch, so that the
            result is that of one device. False pairs those of each replica.
        reduction: How the samples are reduced, as in every Keras loss.
        name: Name of the loss.
        dtype: Precision of the computation; labels above 2^24 need float64.

    Raises:
        ValueError: If an option is not one of those above, or the margin is not positive.

    Example:
        >>> model.compile(optimizer="adam", loss=kerascnn.losses.Contrastive(margin=2.0))
        >>> model.fit(images, labels)
    """

    def __init__(
        self,
        *,
        form: str = "lecun",
        margin: float = 1.0,
        distance: str = "euclidean",
        mining: str | None = "all",
        match_label: int = 1,
        normalize: bool = False,
        across_replicas: bool = True,
        reduction="sum_over_batch_size",
        name="contrastive",
        dtype=None,
    ) -> None:
        _check(form, margin, distance, mining, match_label)
        options = {
            "form": form,
            "margin": margin,
            "distance": distance,
            "mining": mining,
            "match_label": match_label,
            "normalize": normalize,
        }
        super().__init__(
            contrastive, options, across_replicas, name=name, reduction=reduction, dtype=dtype
        )


def _check(form, margin, distance, mining, match_label):
    check_choice("form", form, FORMS)
    if margin <= 0:
        raise ValueError(f"margin must be above 0. Received: margin={margin}")
    check_distance(distance)
    check_choice("mining", mining, ("all", None))
    check_choice("match_label", match_label, (0, 1))


def _costs(form, distances, match, margin):
    matched, unmatched = FORMS[form]
    return match * matched(distances) + (1.0 - match) * unmatched(distances, margin)
