"""A folder of pictures, one sub-folder a class."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from kerascnn.data.dataset import Dataset
from kerascnn.data.splits import split_indices

_COLOUR = {1: "grayscale", 3: "rgb"}


def folder(
    path: str | Path,
    *,
    size: int = 64,
    channels: int = 3,
    source: str = "",
    licence: str = "",
    validation: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
) -> Dataset:
    """Serve the pictures of a folder, split by class; they are read while training.

    Args:
        path: Folder with one sub-folder a class, which hold `.jpg`, `.jpeg`, `.png`, `.bmp` and
            `.gif` files.
        size: Side in pixels to which every picture is resized.
        channels: 3 for colour, 1 for grey.
        source: Where the pictures come from; the path when empty.
        licence: The terms under which they may be used.
        validation: Share of the validation split, in (0, 1).
        test: Share of the test split, in (0, 1).
        seed: Seed of the split.

    Raises:
        ValueError: If an argument is out of range, the folder has no classes or no pictures, or a
            file is no picture.
    """
    if size < 1 or channels not in _COLOUR:
        raise ValueError(
            "The size must be positive and the channels 1 or 3. "
            f"Received: size={size}, channels={channels}"
        )
    files, labels, names = _list(Path(path))
    parts = split_indices(len(files), (validation, test), seed=seed, groups=labels)

    def read(file: tf.Tensor, label: tf.Tensor) -> dict[str, tf.Tensor]:
        image = tf.io.decode_image(tf.io.read_file(file), channels, expand_animations=False)
        image.set_shape((None, None, channels))
        # Without antialiasing a large photograph would shrink to noise.
        image = tf.image.resize(image, (size, size), antialias=True) / 255.0
        return {"image": tf.clip_by_value(image, 0.0, 1.0), "label": label}

    train, held_out, tested = (
        tf.data.Dataset.from_tensor_slices((files[part], labels[part])).map(
            read, num_parallel_calls=tf.data.AUTOTUNE
        )
        for part in parts
    )
    return Dataset(
        name=Path(path).resolve().name,
        source=source or str(path),
        licence=licence or "not stated",
        labels=names,
        shape=(size, size, channels),
        train=train,
        validation=held_out,
        test=tested,
    )


def _list(path: Path) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Find the pictures of a folder, their labels and the names of the labels."""
    try:
        found = keras.utils.image_dataset_from_directory(
            path, batch_size=None, shuffle=False, verbose=False
        )
    except ValueError as error:
        raise ValueError(
            "A folder must have one sub-folder a class, with pictures in them. "
            f"Received: {path} ({error})"
        ) from error
    files = np.array(found.file_paths)
    names = tuple(found.class_names)
    for file in files:
        try:
            Image.open(file).close()
        except OSError as error:
            raise ValueError(
                f"A file must be a picture; repair or remove it. Received: {file} ({error})"
            ) from error
    classes = [names.index(Path(file).relative_to(path).parts[0]) for file in files]
    return files, np.array(classes, np.int32), names
