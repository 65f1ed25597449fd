"""From what networks say about regions to boxes and scores, by functional models."""

from typing import Any

import keras
from keras import ops

from kerascnn.layers import decode_boxes

PLAIN = (1.0, 1.0, 1.0, 1.0)  # offsets are not divided by anything


def moved(offsets: Any, boxes: Any) -> Any:
    """Move boxes by offsets, and clip them to [0, 1]."""
    return ops.clip(decode_boxes(offsets, boxes, variances=PLAIN), 0.0, 1.0)


def proposal_head(anchors: Any) -> keras.Model:
    """Make a head for proposals.

    Args:
        anchors: Boxes, `(n, 4)`.

    Returns:
        A model from offsets, `(batch, n, 4)`, and logits of no object and one, `(batch, n, 2)`, to
        `boxes` in [0, 1] and `scores`, `(batch, n)`.
    """
    offsets = keras.Input((len(anchors), 4), name="offsets")
    logits = keras.Input((len(anchors), 2), name="logits")
    outputs = {"boxes": moved(offsets, anchors), "scores": ops.softmax(logits)[..., 1]}
    return keras.Model([offsets, logits], outputs, name="proposal_head")


def region_head(count: int, units: int, start: keras.Model) -> keras.Model:
    """Make a head for regions that were looked into.

    Args:
        count: Number of regions.
        units: Width of their codes.
        start: Model from codes, `(batch, units)`, to `hidden` and `cell`.

    Returns:
        A model from boxes, offsets, `(batch, count, 4)` each, logits, `(batch, count, 1)`, and
        codes, `(batch, count, units)`, to better `boxes` and `scores`, and what `start` gives for
        each region, `(batch, count, units)`.
    """
    widths = {"boxes": 4, "offsets": 4, "logits": 1, "codes": units}
    given = {name: keras.Input((count, width), name=name) for name, width in widths.items()}
    state = start(ops.reshape(given["codes"], (-1, units)))
    outputs = {
        "boxes": moved(given["offsets"], given["boxes"]),
        "scores": ops.sigmoid(given["logits"])[..., 0],
        **{name: ops.reshape(one, (-1, count, units)) for name, one in state.items()},
    }
    return keras.Model(list(given.values()), outputs, name="region_head")
