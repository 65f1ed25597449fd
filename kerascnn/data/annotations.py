"""What a file in the format of the COCO challenge says of pictures."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kerascnn.data.pictures import picture_size

_LISTS = ("images", "annotations", "categories")


class Marked(NamedTuple):
    """An object: its box `(4,)`, the place of its category, and its key points `(points, 3)`."""

    box: np.ndarray
    category: int
    points: np.ndarray


@dataclass(frozen=True)
class Annotations:
    """The pictures of a file and what they show.

    Args:
        pictures: The objects of each picture, by its path.
        categories: Name of each category, by rising `id`.
        points: Name of each key point, those of the first category that has some.
        skeleton: Pairs of key points that a limb joins, as indices.
        problems: What is malformed, each with its place; it is left out.
    """

    pictures: Mapping[Path, Sequence[Marked]]
    categories: tuple[str, ...]
    points: tuple[str, ...]
    skeleton: tuple[tuple[int, int], ...]
    problems: tuple[str, ...]


def read_annotations(path: Path, images: Path) -> Annotations:
    """Read a file of annotations; crowds, which stand for many objects, are left out.

    Args:
        path: The JSON file.
        images: Where the pictures are.

    Raises:
        ValueError: If the file holds no annotations of that format.
    """
    content = _content(path)
    categories = content["categories"]
    places = {category["id"]: place for place, category in enumerate(categories)}
    described: Mapping[str, Any] = next((c for c in categories if c.get("keypoints")), {})
    points = tuple(described.get("keypoints", ()))
    problems: list[str] = []
    files: dict[Any, Path] = {}
    sizes: dict[Any, tuple[int, int]] = {}
    for image in content["images"]:
        try:
            files[image["id"]], sizes[image["id"]] = _picture(image, images)
        except (KeyError, TypeError, ValueError) as error:
            problems.append(f"image {_name(image)}: {_reason(error)}")
    pictures = defaultdict[Any, list[Marked]](list)
    known = {image.get("id") for image in content["images"]}
    for one in content["annotations"]:
        try:
            if one["image_id"] not in known:
                raise ValueError(f"no image has the id {one['image_id']}")
            if one.get("iscrowd") or one["image_id"] not in files:
                continue
            pictures[one["image_id"]].append(
                _marked(one, sizes[one["image_id"]], places, len(points))
            )
        except (KeyError, TypeError, ValueError) as error:
            problems.append(f"annotation {_name(one)}: {_reason(error)}")
    return Annotations(
        pictures={file: pictures[key] for key, file in files.items()},
        categories=tuple(str(category["name"]) for category in categories),
        points=points,
        # There, the key points are counted from 1.
        skeleton=tuple((int(a) - 1, int(b) - 1) for a, b in described.get("skeleton", ())),
        problems=tuple(problems),
    )


def _content(path: Path) -> dict[str, list[dict[str, Any]]]:
    try:
        content = json.loads(path.read_bytes())
        entries = [one for key in _LISTS for one in content[key]]
        if not all(isinstance(one.get("id", 0), int | str) for one in entries):
            raise ValueError("an id is neither a number nor a text")
        if not all({"id", "name"} <= one.keys() for one in content["categories"]):
            raise ValueError("a category has no id or no name")
        content["categories"] = sorted(content["categories"], key=lambda one: one["id"])
    except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            "A file of annotations must hold the lists images, annotations and categories, as in "
            f"COCO. Received: {path} ({_reason(error)})"
        ) from error
    return dict(content)


def _picture(image: Mapping[str, Any], folder: Path) -> tuple[Path, tuple[int, int]]:
    file = folder / image["file_name"]
    size = picture_size(file)
    said = (image.get("height", size[0]), image.get("width", size[1]))
    if said != size:
        raise ValueError(f"{file} has height and width {size}, not {said}")
    return file, size


def _marked(
    one: Mapping[str, Any], size: tuple[int, int], places: Mapping[Any, int], points: int
) -> Marked:
    if one["category_id"] not in places:
        raise ValueError(f"no category has the id {one['category_id']}")
    left, top, width, height = (float(number) for number in one["bbox"])
    whole = np.array([top, left, top + height, left + width]) / (*size, *size)
    box = np.clip(whole, 0.0, 1.0)  # some boxes end a fraction of a pixel outside
    if not (np.isfinite(whole).all() and (box[:2] < box[2:]).all()):
        raise ValueError(f"bbox {one['bbox']} has no area in a picture of {size}")
    given = one.get("keypoints") if points else None
    values = np.asarray(given or np.zeros(3 * points), np.float64)
    x, y, seen = values.reshape(points, 3).T
    marked = np.stack([y / size[0], x / size[1], seen > 0], axis=-1)
    return Marked(box, places[one["category_id"]], marked * (seen > 0)[:, np.newaxis])


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry.get("file_name", entry.get("id", "without an id")))


def _reason(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)
