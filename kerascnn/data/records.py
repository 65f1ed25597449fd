"""Data sets from TFRecord files, which many machines read at once and fast."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from kerascnn.data.dataset import SPLITS, Dataset, Order

INDEX = "records.json"
_FILES = 16  # that are read at the same time
_BUFFER = 4096  # serialized examples to shuffle among, beside the order of the files


def records(path: str | Path) -> Dataset:
    """Serve what `write_records` wrote.

    Args:
        path: The folder.

    Raises:
        ValueError: If files are missing, or the index is none.
    """
    folder = Path(path)
    try:
        index = json.loads((folder / INDEX).read_text())
        counts, spec = index.pop("examples"), index.pop("spec")
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(
            f"A folder of records holds a whole {INDEX}; write it anew. "
            f"Received: {folder} ({error})"
        ) from error
    orders = {name: _order(folder, name, counts[name], spec) for name in SPLITS}
    splits = {name: order(None, 1, 0) for name, order in orders.items()}
    for name in ("labels", "shape", "points"):
        index[name] = tuple(index[name])
    index["skeleton"] = tuple(map(tuple, index["skeleton"]))
    return Dataset(**index, **splits, order=orders["train"])


def _order(folder: Path, name: str, count: int, spec: dict[str, Any]) -> Order:
    files = sorted(map(str, folder.glob(f"{name}-*.tfrecord")))
    expected = int(files[0].rpartition("-of-")[2].partition(".")[0]) if files else 1
    if len(files) != expected:
        raise ValueError(
            f"All {expected} files of {name} must be there. Received: {len(files)} in {folder}"
        )

    def parse(text: tf.Tensor) -> dict[str, tf.Tensor]:
        kinds = {key: tf.io.FixedLenFeature((), tf.string) for key in spec}
        parsed = tf.io.parse_single_example(text, kinds)
        return {key: _restored(parsed[key], *spec[key]) for key in spec}

    def order(seed: tf.Tensor | None, shards: int, index: int) -> tf.data.Dataset:
        paths = tf.data.Dataset.from_tensor_slices(files)
        if seed is not None:
            paths = paths.shuffle(len(files), seed)
        # Whole files to each worker where there are enough, so that none reads what it drops.
        by_file = len(files) % shards == 0
        paths = paths.shard(shards, index) if by_file else paths
        # A number of its own would make the order depend on the machine.
        texts = paths.interleave(
            tf.data.TFRecordDataset, _FILES, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )
        texts = texts if by_file else texts.shard(shards, index)
        if seed is not None:
            texts = texts.shuffle(_BUFFER, seed)
        # Files differ by one example at most, and workers must have equally many.
        least = count // len(files) * (len(files) // shards) if by_file else count // shards
        number = count if shards == 1 else least
        examples = texts.map(parse, num_parallel_calls=tf.data.AUTOTUNE).take(number)
        return examples.apply(tf.data.experimental.assert_cardinality(number))

    return order


def _restored(content: tf.Tensor, dtype: str, shape: list[int]) -> tf.Tensor:
    if is_image(dtype, shape):
        value = tf.cast(tf.io.decode_png(content, shape[-1]), tf.float32) / 255.0
    else:
        value = tf.io.parse_tensor(content, tf.as_dtype(dtype))
    return tf.ensure_shape(value, shape)


def is_image(dtype: Any, shape: Any) -> bool:
    """Tell whether a value of an example is stored as a picture."""
    return np.dtype(dtype) == np.float32 and len(shape) == 3 and shape[-1] in (1, 3)
