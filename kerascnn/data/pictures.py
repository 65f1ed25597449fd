"""Reads pictures while training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from kerascnn.data.dataset import SPLITS, Order


def reader(size: int, channels: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """Give a function from the path of a picture to its pixels.

    Args:
        size: Side in pixels to which every picture is resized.
        channels: 3 for colour, 1 for grey.

    Returns:
        A function from a path, a string `()`, to float32 `(size, size, channels)` in [0, 1].

    Raises:
        ValueError: If an argument is out of range.
    """
    if size < 1 or channels not in (1, 3):
        raise ValueError(
            "The size must be positive and the channels 1 or 3. "
            f"Received: size={size}, channels={channels}"
        )

    def read(file: tf.Tensor) -> tf.Tensor:
        image = tf.io.decode_image(tf.io.read_file(file), channels, expand_animations=False)
        image.set_shape((None, None, channels))
        # Without antialiasing a large photograph would shrink to noise.
        image = tf.image.resize(image, (size, size), antialias=True) / 255.0
        return tf.clip_by_value(image, 0.0, 1.0)

    return read


def serve(
    columns: Mapping[str, np.ndarray],
    parts: Sequence[np.ndarray],
    read: Callable[[tf.Tensor], tf.Tensor],
    *,
    key: str = "image",
) -> dict[str, Any]:
    """Serve arrays example by example, whose files are read when they are asked for.

    Args:
        columns: Arrays with the examples along the first axis; that of the key holds paths.
        parts: The indices of the training, validation and test examples.
        read: What `reader` gives.
        key: Name of the array whose files are read.

    Returns:
        The fields `train`, `validation`, `test` and `order` of a `Dataset`.
    """

    def example(row: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {**row, key: read(row[key])}

    def order(part: np.ndarray) -> Order:
        rows = {name: values[part] for name, values in columns.items()}

        def serve_rows(seed: tf.Tensor | None, shards: int, index: int) -> tf.data.Dataset:
            served = tf.data.Dataset.from_tensor_slices(rows)
            if seed is not None:
                served = served.shuffle(len(part), seed)
            return served.shard(shards, index).map(example, num_parallel_calls=tf.data.AUTOTUNE)

        return serve_rows

    orders = [order(part) for part in parts]
    splits = dict(zip(SPLITS, orders, strict=True))
    return {**{name: one(None, 1, 0) for name, one in splits.items()}, "order": orders[0]}


def picture_size(file: Path) -> tuple[int, int]:
    """Give height and width of a picture in pixels.

    Raises:
        ValueError: If the file is no picture.
    """
    try:
        with Image.open(file) as image:
            return image.height, image.width
    except OSError as error:
        raise ValueError(
            f"A file must be a picture; repair or remove it. Received: {file} ({error})"
        ) from error
