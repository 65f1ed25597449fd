"""Writes data sets as TFRecord files."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from pathlib import Path

import numpy as np
import tensorflow as tf
from rich.progress import track

from kerascnn.data.dataset import SPLITS, Dataset
from kerascnn.data.records import INDEX, is_image


def write_records(dataset: Dataset, path: str | Path, *, shard_size: int = 1024) -> Path:
    """Write a data set into a folder of TFRecord files, from which `load` serves it.

    Images in [0, 1] are stored as PNG with 8 bits a channel, all else as it is. The examples of the
    training split are spread over the files at random, as they are shuffled among few at a time
    when they are read.

    Args:
        dataset: What to write.
        path: The folder, made if need be.
        shard_size: Examples in a file, at least 1; of photographs, a thousand make about 100 MB.

    Returns:
        The folder.

    Raises:
        ValueError: If the size is not positive, or the folder holds records.

    Example:
        >>> write_records(load("photos", size=224), "records")  # doctest: +SKIP
        >>> dataset = load("records")  # doctest: +SKIP
    """
    folder = Path(path)
    if shard_size < 1:
        raise ValueError(f"shard_size must be at least 1. Received: shard_size={shard_size}")
    if (folder / INDEX).exists():
        raise ValueError(f"The folder must be another one, as it holds records. Received: {folder}")
    folder.mkdir(parents=True, exist_ok=True)
    counts = {name: _write(getattr(dataset, name), folder, name, shard_size) for name in SPLITS}
    fields = {
        field.name: getattr(dataset, field.name)
        for field in dataclasses.fields(dataset)
        if field.name not in (*SPLITS, "order")
    }
    spec = {
        name: [one.dtype.name, list(one.shape)] for name, one in dataset.train.element_spec.items()
    }
    # Written last, so that a folder without it is no data set.
    draft = folder / f"{INDEX}.partial"
    draft.write_text(json.dumps({**fields, "examples": counts, "spec": spec}, indent=2) + "\n")
    os.replace(draft, folder / INDEX)
    return folder


def _write(split: tf.data.Dataset, folder: Path, name: str, shard_size: int) -> int:
    count = int(split.cardinality())
    shards = max(math.ceil(count / shard_size), 1)
    places = np.arange(count) % shards
    if name == "train":
        np.random.default_rng(0).shuffle(places)
    writers = [
        tf.io.TFRecordWriter(str(folder / f"{name}-{number:05}-of-{shards:05}.tfrecord"))
        for number in range(shards)
    ]
    examples = split.prefetch(tf.data.AUTOTUNE).as_numpy_iterator()
    try:
        for place, example in zip(
            places, track(examples, f"writing {name}", total=count, transient=True), strict=True
        ):
            writers[place].write(_serialized(example))
    finally:
        for writer in writers:
            writer.close()
    return count


def _serialized(example: dict[str, np.ndarray]) -> bytes:
    feature = {}
    for name, value in example.items():
        if is_image(value.dtype, value.shape):
            pixels = np.rint(np.clip(value, 0, 1) * 255).astype(np.uint8)
            content = tf.io.encode_png(pixels)
        else:
            content = tf.io.serialize_tensor(value)
        feature[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[content.numpy()]))
    return bytes(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
