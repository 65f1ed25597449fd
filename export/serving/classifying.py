"""The server's Classify interface: serialized examples in, names of classes and scores out."""

from __future__ import annotations

import keras
import tensorflow as tf

from kerascnn.edge import Metadata

from .pictures import from_bytes

CLASSIFY = "classify"
FEATURE = "image_bytes"


def classifies(model: keras.Model, metadata: Metadata) -> bool:
    """Tell whether a model gives one score for each label."""
    outputs = keras.tree.flatten(model.outputs)
    labels = len(metadata.labels)
    return len(outputs) == 1 and labels > 0 and tuple(outputs[0].shape[1:]) == (labels,)


def from_examples(
    model: keras.Model, metadata: Metadata, examples: tf.Tensor
) -> dict[str, tf.Tensor]:
    """Classify the encoded picture `image_bytes` of each serialized `tf.train.Example`.

    Returns:
        `classes` and `scores`, `(batch, classes)`, in the order of the labels.
    """
    features = {FEATURE: tf.io.FixedLenFeature((), tf.string)}
    encoded = tf.io.parse_example(examples, features)[FEATURE]
    (scores,) = from_bytes(model, metadata, encoded).values()
    scores = tf.cast(scores, tf.float32)
    names = tf.constant(metadata.labels)[None]
    return {"classes": tf.repeat(names, tf.shape(scores)[0], axis=0), "scores": scores}
