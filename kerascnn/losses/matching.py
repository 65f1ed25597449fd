"""Which default box answers for which object."""

from keras import ops

from kerascnn.layers.boxes import overlap


def match_boxes(y_true, anchors, *, threshold=0.5):
    """Give each object its nearest anchor, and each anchor that is near enough its object.

    An anchor answers for the object that it overlaps most, if by more than the threshold; but the
    anchor that overlaps an object most answers for it in any case, and of several such objects for
    the one that it overlaps most.

    Args:
        y_true: `(batch, objects, 5)`: the class, 1 and above, and the box of each object; -1 and
            anything where there is none. A box without an area is none.
        anchors: `(n, 4)`, or those of each sample, `(batch, n, 4)`.
        threshold: Least intersection over union of a match, in (0, 1).

    Returns:
        The class of each anchor, `(batch, n)`, 0 where it answers for nothing; and the box of its
        object, `(batch, n, 4)`, which is the anchor itself where there is none.

    Reference:
        https://arxiv.org/abs/1512.02325, section 2.2
    """
    wide = y_true[..., 3:] > y_true[..., 1:3]
    there = ops.logical_and(y_true[..., :1] > 0.0, ops.all(wide, axis=-1, keepdims=True))
    y_true = ops.where(there, y_true, 0.0)  # what fills up may be no number
    anchors = ops.cast(anchors, y_true.dtype)
    shares = overlap(y_true[:, :, None, 1:], anchors[..., None, :, :])  # (batch, objects, n)
    nearest = ops.one_hot(ops.argmax(shares, axis=-1), anchors.shape[-2], dtype=shares.dtype)
    nearest = nearest * ops.cast(there, shares.dtype)
    # The nearest anchor of an object comes before all others.
    strength = shares + 2.0 * nearest
    chosen = ops.argmax(strength, axis=1)  # (batch, n)
    matched = ops.max(strength, axis=1) > threshold
    taken = ops.take_along_axis(y_true, chosen[..., None], axis=1)
    label = ops.where(matched, taken[..., 0], 0.0)
    return label, ops.where(matched[..., None], taken[..., 1:], anchors)
