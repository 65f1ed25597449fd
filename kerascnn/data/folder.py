"""A folder of pictures, one sub-folder a class."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from kerascnn.data.dataset import Dataset
from kerascnn.data.pictures import picture_size, reader, serve
from kerascnn.data.splits import split_indices


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
    read = reader(size, channels)
    files, labels, names = _list(Path(path))
    parts = split_indices(len(files), (validation, test), seed=seed, groups=labels)
    columns = {"image": files, "label": labels}
    served = serve(columns, parts, read)
    return Dataset(
        name=Path(path).resolve().name,
        source=source or str(path),
        licence=licence or "not stated",
        labels=names,
        shape=(size, size, channels),
        **served,
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
        picture_size(Path(file))
    classes = [names.index(Path(file).relative_to(path).parts[0]) for file in files]
    return files, np.array(classes, np.int32), names
