"""Arrays in a NumPy file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from kerascnn.data.dataset import Dataset
from kerascnn.data.in_memory import from_arrays

_ARRAYS = (
    *("image", "label", "mask", "instances", "boxes", "classes", "keypoints"),
    *("names", "points", "skeleton"),
)


def npz(
    path: str | Path,
    *,
    source: str = "",
    licence: str = "",
    validation: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
) -> Dataset:
    """Serve the arrays of a `.npz` file, split by class where there are labels.

    Args:
        path: File with the array `image`, and with `label`, `mask`, `instances`, `boxes` and
            `classes`, or `keypoints` as `from_arrays` takes them; the names of their values may
            stand in the array `names`, those of key points in `points`, and their `skeleton` beside
            them.
        source: Where the images come from; the path when empty.
        licence: The terms under which they may be used.
        validation: Share of the validation split, in (0, 1).
        test: Share of the test split, in (0, 1).
        seed: Seed of the split.

    Raises:
        ValueError: If the file cannot be read, its arrays have other names, or their values do not
            fit.
    """
    path = Path(path)
    try:
        with path.open("rb") as file, zipfile.ZipFile(file), np.load(file) as content:
            columns = {key: content[key] for key in content.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"The file must be one that numpy.savez wrote. Received: {path} ({error})"
        ) from error
    if "image" not in columns or not set(columns) <= set(_ARRAYS):
        raise ValueError(
            f"The file must hold `image`, and may hold {', '.join(_ARRAYS[1:])}. "
            f"Received: {path} with {', '.join(columns) or 'no array'}"
        )
    return from_arrays(
        path.stem,
        columns["image"],
        columns.get("label"),
        columns.get("mask"),
        instances=columns.get("instances"),
        boxes=columns.get("boxes"),
        classes=columns.get("classes"),
        keypoints=columns.get("keypoints"),
        label_names=[str(name) for name in columns.get("names", ())],
        point_names=[str(name) for name in columns.get("points", ())],
        skeleton=columns.get("skeleton", ()),
        source=source or str(path),
        licence=licence or "not stated",
        validation=validation,
        test=test,
        seed=seed,
    )
