"""What a data set is: three splits of examples, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import tensorflow as tf

SPLITS = ("train", "validation", "test")

# A seed or None for the order as it is, into how many parts the examples are dealt out, and which;
# the last part is never larger than another one.
Order: TypeAlias = Callable[[tf.Tensor | None, int, int], tf.data.Dataset]


@dataclass(frozen=True)
class Dataset:
    """Examples in three splits that share none, and what must be said about them.

    Each split is a `tf.data.Dataset` of single examples with a known cardinality. An example is a
    dict of `image`, float32 `(height, width, channels)` in [0, 1], or of `sound`, float32
    `(samples,)` in [-1, 1] with zeros behind its end, or of `source`, int32 `(tokens,)` with zeros
    behind its end, and of what the data has: `clean`, the image
    before it was corrupted; `label`, int32 `()`, -1 where a training example has none; `mask`,
    int32 `(height, width)` with 0 for background; `instances`, the same with a number from 1 for
    each thing; `boxes`, float32 `(boxes, 4)` as `(ymin, xmin, ymax, xmax)` in [0, 1]; `classes`,
    int32 `(boxes,)`, the value of each box, from 1, as 0 is the background, or -1 where there is
    no box; `keypoints`, float32
    `(boxes, points, 3)`, y and x in [0, 1] and 1 for each point of a box, all 0 where it is not
    marked; `tokens`, int32 `(tokens,)`, what is said, from 1, with zeros behind its end; `states`,
    uint8 `(samples,)`, which of the labels is heard at each sample of a sound, 0 for none;
    `references`, int32 `(sentences, tokens)`, all that may be said of an image; `phrases`, int32
    `(boxes, tokens)`, what is said of each box; `separator`, int32 `()`, the token that stands
    between words.

    Args:
        name: What `load` was asked for.
        source: Where the examples come from.
        licence: The terms under which they may be used.
        labels: Names of the values of `label`, `mask`, `classes` and `tokens`; empty where they
            have none.
        shape: `(height, width, channels)` of every image, `(samples,)` of every sound, or
            `(tokens,)` of every source.
        train: Examples to fit.
        validation: Examples to watch while fitting.
        test: Held-out examples to score.
        points: Name of each key point.
        skeleton: Pairs of key points that a limb joins, as indices of `points`.
        sample_rate: Samples a second of the sounds, in Hz; 0 where there are none.
        order: Serves the training split in the order that a seed decides, or a part of it, without
            having decoded the examples before; None where they are in memory anyway.
    """

    name: str
    source: str
    licence: str
    labels: tuple[str, ...]
    shape: tuple[int, ...]
    train: tf.data.Dataset
    validation: tf.data.Dataset
    test: tf.data.Dataset
    points: tuple[str, ...] = ()
    skeleton: tuple[tuple[int, int], ...] = ()
    sample_rate: int = 0
    order: Order | None = None


def arrays(split: tf.data.Dataset, limit: int | None = None) -> dict[str, np.ndarray]:
    """Collect the examples of a split.

    Args:
        split: Unbatched dicts, such as `Dataset.test`.
        limit: At most so many examples, from the start; all when None.

    Returns:
        One array for each key, examples along the first axis.

    Raises:
        ValueError: If the limit is not positive or the split is empty.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"A limit must be at least 1. Received: limit={limit}")
    count = int(split.cardinality()) if limit is None else limit
    for batch in split.batch(max(count, 1)).take(1).as_numpy_iterator():
        return dict(batch)
    raise ValueError("A split must hold at least one example. Received: an empty split")


def slices(columns: Mapping[str, np.ndarray]) -> tf.data.Dataset:
    """Serve arrays example by example.

    Args:
        columns: Arrays with the examples along the first axis. Images may be uint8, which takes a
            quarter of the memory; they are served as float32 in [0, 1].
    """
    split = tf.data.Dataset.from_tensor_slices(dict(columns))
    if "image" not in columns or columns["image"].dtype != np.uint8:
        return split

    def to_float(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {**example, "image": tf.cast(example["image"], tf.float32) / 255.0}

    return split.map(to_float, num_parallel_calls=tf.data.AUTOTUNE)
