"""Encoded pictures into a served model: decoding, resizing and normalising stand in the graph."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from kerascnn.edge import Metadata

from ..model import ports
from ..tracing import run

# Of an input whose name ends so, TF Serving's REST interface takes {"b64": "..."}.
BYTES = "serving_bytes"


def takes_pictures(model: keras.Model) -> bool:
    """Tell whether a model takes pictures of a known size, and nothing else."""
    inputs = ports(model).inputs
    shape = inputs[0].shape
    return len(inputs) == 1 and len(shape) == 4 and None not in shape[1:] and shape[3] in (1, 3)


def from_bytes(model: keras.Model, metadata: Metadata, encoded: tf.Tensor) -> dict[str, Any]:
    """Run a model on encoded pictures, as `kerascnn.edge` does: stretched to the model's size.

    Args:
        model: A model that takes pictures.
        metadata: What it says about its pixels.
        encoded: JPEG, PNG, GIF or BMP, `(batch,)`.

    Returns:
        The outputs by name.
    """
    (port,) = ports(model).inputs
    height, width, channels = port.shape[1:]

    def pixels(text: tf.Tensor) -> tf.Tensor:
        picture = tf.io.decode_image(text, channels=3, expand_animations=False)
        picture.set_shape((None, None, 3))
        if channels == 1:
            picture = tf.image.rgb_to_grayscale(picture)
        return tf.round(tf.image.resize(picture, (height, width), antialias=True))

    kind = tf.TensorSpec((height, width, channels), tf.float32)
    batch = tf.map_fn(pixels, encoded, fn_output_signature=kind)
    if metadata.channel_order == "BGR":
        batch = tf.reverse(batch, [-1])
    normalised = (batch - tf.constant(metadata.mean)) / tf.constant(metadata.std)
    return run(model, [tf.cast(normalised, port.dtype)])
