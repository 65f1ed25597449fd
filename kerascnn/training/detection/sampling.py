"""Which of the proposed regions a detector learns from, and what it learns of their places."""

import keras
from keras import ops

from kerascnn.layers.boxes import encode_boxes, overlap
from kerascnn.losses.matching import match_boxes
from kerascnn.training.detection.region_heads import PLAIN

_SAME, _OTHER = 0.7, 0.3  # least and most overlap with an object of its region and of no region


def sample_regions(proposed, truth, priority, samples):
    """Choose regions of objects, as many as half of all at most, and regions of none.

    A region is an object's if they overlap by more than 0.7, or if no other one overlaps it more;
    it is of none if it overlaps none by 0.3. What lies between fills up where these are too few.

    Args:
        proposed: Regions, `(batch, n, 4)`.
        truth: The objects' boxes, `(batch, objects, 4)`; one without an area is none.
        priority: Numbers in [0, 1), the largest of which come first, `(batch, n)`.
        samples: Regions to choose of each image, from 2 to `n`.

    Returns:
        Indices of regions, those of objects first, the object of each, -1 for none, and 1 where
        the region counts, 0 where it fills up: `(batch, samples)` each.

    Reference:
        https://arxiv.org/abs/1511.07571, section 3.3
    """
    numbers = ops.arange(1, truth.shape[1] + 1, dtype=truth.dtype)[None, :, None]
    named = ops.concatenate([ops.zeros_like(truth[..., :1]) + numbers, truth], axis=-1)
    label, _ = match_boxes(named, proposed, threshold=_SAME)
    shares = ops.max(overlap(truth[:, :, None], proposed[:, None]), axis=1)
    own = label > 0.0
    drawn = ops.where(own, priority, -1.0)
    own = ops.logical_and(own, drawn >= ops.top_k(drawn, samples // 2)[0][:, -1:])
    none = ops.logical_and(label == 0.0, shares < _OTHER)
    rank = priority + 2.0 * ops.cast(own, priority.dtype) + ops.cast(none, priority.dtype)
    chosen = ops.top_k(rank, samples)[1]
    counts = ops.cast(ops.logical_or(own, none), priority.dtype)
    objects = ops.cast(ops.where(own, label, 0.0), "int32") - 1
    return chosen, *(ops.take_along_axis(one, chosen, axis=1) for one in (objects, counts))


def region_cost(logits, offsets, before, targets, own, counts):
    """Give what regions cost that are taken for objects, or not, and that are moved to targets.

    Args:
        logits: Of no object and one, `(batch, n, 2)`.
        offsets: How the regions are to be moved, `(batch, n, 4)`.
        before: The regions, `(batch, n, 4)`.
        targets: Their objects' boxes, `(batch, n, 4)`.
        own: 1 for regions of an object, 0 for others, `(batch, n)`.
        counts: 1 for regions that count, 0 for others, `(batch, n)`.

    Returns:
        Mean nats and mean error of the offsets, a parabola up to 1 and a line beyond, `(batch,)`.
    """
    nats = keras.losses.sparse_categorical_crossentropy(own, logits, from_logits=True)
    there = own[..., None] > 0.0
    start = ops.stop_gradient(ops.where(there, before, ops.cast([0.0, 0.0, 1.0, 1.0], "float32")))
    wanted = encode_boxes(ops.where(there, targets, start), start, variances=PLAIN)
    return mean_where(nats, counts) + mean_where(keras.losses.huber(wanted, offsets), own)


def mean_where(values, counts):
    """Give the mean of the values of each image that count, `(batch,)`, 0 where none do."""
    return ops.sum(values * counts, axis=-1) / ops.maximum(ops.sum(counts, axis=-1), 1.0)
