"""Where the time of reading pictures goes: decoding, its threads, files, and memory."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from benchmarks.measure import Row, compare
from kerascnn import create_model, data
from kerascnn.tasks import get_task
from kerascnn.tasks.epochs import batches

COUNT, SIDE, SIZE, BATCH, RUNS = 192, 384, 128, 32, 5


def photographs(folder: Path) -> Path:
    """Write smooth pictures as JPEG files of two classes."""
    random = np.random.default_rng(0)
    for number in range(COUNT):
        small = random.integers(0, 256, (12, 12, 3)).astype("uint8")
        path = folder / "ab"[number % 2] / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(small).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(path)
    return folder


def epoch(dataset: data.Dataset, *, cache: bool = False, threads: int = 0) -> Callable[[], int]:
    """Prepare to read an epoch as `kerascnn.tasks.train` does; 0 threads are as many as cores."""
    task = get_task("classification")
    shape = {"input_shape": dataset.shape, "num_classes": 2}
    model = create_model("resnet20", **shape)
    served = batches(task, model, dataset, BATCH, tf.Variable(0, dtype="int64"), cache=cache)
    options = tf.data.Options()
    options.threading.private_threadpool_size = threads
    served = served.with_options(options)
    return lambda: sum(1 for _ in served)


def training(dataset: data.Dataset) -> Callable[[], Any]:
    """Prepare to train for an epoch on pictures that are in memory."""
    task = get_task("classification")
    model = create_model("resnet20", input_shape=dataset.shape, num_classes=2)
    task.compile(model)
    seed = tf.Variable(0, dtype="int64")
    served = batches(task, model, dataset, BATCH, seed, cache=True)
    return lambda: model.fit(served, verbose=0)


def rows() -> Iterator[Row]:
    """Compare epochs of the same pictures."""
    with tempfile.TemporaryDirectory() as path:
        pictures, recorded = Path(path) / "pictures", Path(path) / "records"
        pictures.mkdir()
        folder = data.load(photographs(pictures), size=SIZE)
        written = data.load(data.write_records(folder, recorded))
        read = epoch(folder)
        what = f"reading {COUNT} JPEG files of {SIDE} pixels to {SIZE}"
        yield Row(
            f"{what}, against one thread",
            *compare(read, epoch(folder, threads=1), runs=RUNS),
            "ms",
        )
        yield Row(
            "reading TFRecord files, against JPEG", *compare(epoch(written), read, runs=RUNS), "ms"
        )
        yield Row(
            "reading from memory, against JPEG",
            *compare(epoch(folder, cache=True), read, runs=RUNS),
            "ms",
            1.0,
        )
        yield Row(
            "reading JPEG, against training ResNet-20 on them",
            *compare(read, training(folder), runs=RUNS),
            "ms",
        )
