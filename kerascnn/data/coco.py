"""A folder of pictures with boxes and key points, in the format of the COCO challenge."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from kerascnn.data.annotations import Annotations, read_annotations
from kerascnn.data.dataset import Dataset
from kerascnn.data.pictures import reader, serve
from kerascnn.data.splits import split_indices

_ANSWERS = ("refuse", "skip")
_SHOWN = 5


def coco(
    path: str | Path,
    *,
    images: str | Path = "",
    size: int = 64,
    channels: int = 3,
    malformed: str = "refuse",
    source: str = "",
    licence: str = "",
    validation: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
) -> Dataset:
    """Serve annotated pictures, which are read while training.

    Each example has `boxes` and `classes`, filled up to those of the fullest picture, and
    `keypoints` where a category names key points. Crowds are left out.

    Args:
        path: A `.json` file with the lists `images`, `annotations` and `categories`, or a folder
            with one such file in it.
        images: Folder of the pictures; `images` beside the file where there is one, else the
            folder of the file.
        size: Side in pixels to which every picture is resized.
        channels: 3 for colour, 1 for grey.
        malformed: `"refuse"` or `"skip"`: what to do with pictures that cannot be read or have
            another size than the file says, and with boxes without area; a warning names them.
        source: Where the pictures come from; the path when empty.
        licence: The terms under which they may be used.
        validation: Share of the validation split, in (0, 1).
        test: Share of the test split, in (0, 1).
        seed: Seed of the split.

    Raises:
        ValueError: If an argument is out of range, there is no file of annotations, or a picture or
            an annotation is malformed.
    """
    if malformed not in _ANSWERS:
        raise ValueError(
            f"malformed must be one of {', '.join(_ANSWERS)}. Received: malformed={malformed!r}"
        )
    read = reader(size, channels)
    file = _annotation_file(Path(path))
    beside = file.parent / "images"
    folder = Path(images) if images else beside if beside.is_dir() else file.parent
    found = read_annotations(file, folder)
    _answer(found, malformed)
    columns = _columns(found)
    parts = split_indices(len(found.pictures), (validation, test), seed=seed)
    served = serve(columns, parts, read)
    whole = Path(path).resolve()
    return Dataset(
        name=whole.name if whole.is_dir() else whole.stem,
        source=source or str(path),
        licence=licence or "not stated",
        labels=("background", *found.categories),
        shape=(size, size, channels),
        **served,
        points=found.points,
        skeleton=found.skeleton,
    )


def annotation_files(folder: Path) -> list[Path]:
    """List the files in a folder that may hold annotations."""
    return sorted(folder.glob("*.json"))


def _annotation_file(path: Path) -> Path:
    if not path.is_dir():
        return path
    files = annotation_files(path)
    if len(files) != 1:
        names = ", ".join(file.name for file in files) or "none"
        raise ValueError(
            f"A folder must have one .json file; name one. Received: {path} with {names}"
        )
    return files[0]


def _answer(found: Annotations, malformed: str) -> None:
    """Refuse what is malformed, or warn of it."""
    if not found.problems:
        return
    rest = len(found.problems) - _SHOWN
    shown = "; ".join(found.problems[:_SHOWN]) + (f"; and {rest} more" if rest > 0 else "")
    if malformed == "refuse":
        raise ValueError(
            "Pictures and annotations must be well-formed; repair them, or leave them out with "
            f"malformed='skip'. Received: {shown}"
        )
    warnings.warn(f"Left out what is malformed: {shown}", stacklevel=3)


def _columns(found: Annotations) -> dict[str, np.ndarray]:
    """Fill the objects of every picture up to the number of the fullest."""
    count = len(found.pictures)
    most = max((len(objects) for objects in found.pictures.values()), default=0)
    boxes = np.zeros((count, max(most, 1), 4), np.float32)
    classes = np.full((count, max(most, 1)), -1, np.int32)
    points = np.zeros((count, max(most, 1), len(found.points), 3), np.float32)
    for row, objects in enumerate(found.pictures.values()):
        for place, one in enumerate(objects):
            boxes[row, place], points[row, place] = one.box, one.points
            classes[row, place] = one.category + 1  # 0 is the background
    files = np.array([str(file) for file in found.pictures])
    columns = {"image": files, "boxes": boxes, "classes": classes}
    return {**columns, "keypoints": points} if found.points else columns
