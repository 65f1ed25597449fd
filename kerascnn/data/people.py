"""Generated figures of people with their key points."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kerascnn.data.dataset import Dataset
from kerascnn.data.scenery import background, contrast, generated, paint, tight_boxes

POINTS = ("head", "hip", "right_hand", "left_hand", "right_foot", "left_foot")
SKELETON = ((0, 1), (0, 2), (0, 3), (1, 4), (1, 5))
_SIDES = (-1, 1)  # a person who is looked at has the right hand on the left
_STROKES = 3


class Figures(NamedTuple):
    """Figures in [0, 1]: key points, both ends of the limbs, and the radius of the heads.

    Shapes `(count, points, 2)`, two times `(count, limbs, 2)`, and `(count,)`, all as (y, x).
    """

    points: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    radii: np.ndarray


def people(*, count: int = 512, size: int = 48, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Draw a person of a random pose and colour on a smooth random background.

    Arms and legs bend at random. A figure with its margins takes 65 to 95 % of the image's side;
    random strokes as thick as the limbs are behind it. All six key points are marked.

    Args:
        count: Images of the training split, at least 4; validation and test have a quarter each.
        size: Side of the images in pixels, at least 16.
        noise: Standard deviation of the Gaussian noise, at least 0; pixels are clipped to [0, 1].
        seed: Seed of everything that is drawn.

    Raises:
        ValueError: If an argument is out of range.
    """
    return generated(
        _scenes,
        "people",
        count=count,
        size=size,
        noise=noise,
        seed=seed,
        labels=("background", "person"),
        points=POINTS,
        skeleton=SKELETON,
    )


def _scenes(
    count: int, size: int, noise: float, random: np.random.Generator
) -> dict[str, np.ndarray]:
    figures = _figures(count, random)
    base = random.uniform(0.1, 0.5, size=(count, 3))
    image = background(base, size, random)
    width = 0.02 * size
    for start, end in random.uniform(size=(_STROKES, 2, count, 2)):
        image = paint(image, _from_line(start, end, size) - width, contrast(base, random))
    limbs = zip(figures.starts.swapaxes(0, 1), figures.ends.swapaxes(0, 1), strict=True)
    body = np.min([_from_line(*limb, size) for limb in limbs], axis=0) - width
    head = figures.points[:, 0]
    radius = figures.radii[:, np.newaxis, np.newaxis] * size
    body = np.minimum(body, _from_line(head, head, size) - radius)
    image = paint(image, body, contrast(base, random))
    image += noise * random.standard_normal(image.shape)
    marked = np.ones((*figures.points.shape[:2], 1))
    points = np.concatenate([figures.points, marked], axis=-1)[:, np.newaxis]
    return {
        "image": np.clip(image, 0, 1).astype(np.float32),
        "boxes": tight_boxes(body < 0)[:, np.newaxis].astype(np.float32),
        "classes": np.ones((count, 1), np.int32),
        "keypoints": points.astype(np.float32),
    }


def _figures(count: int, random: np.random.Generator) -> Figures:
    """Draw poses in units of the trunk's length, and fit them into the image."""
    lean = random.uniform(-0.35, 0.35, count)
    neck, hip = np.zeros((count, 2)), _direction(lean)
    head, shoulders = -0.35 * hip, 0.15 * hip
    points, starts, ends = [head, hip], [head], [hip]
    for joint, first, bend, lengths in (
        (shoulders, (0.5, 2.3), (-0.6, 1.0), (0.5, 0.5)),
        (hip, (0.1, 0.8), (-0.6, 0.1), (0.6, 0.6)),
    ):
        for side in _SIDES:
            angle = lean + side * random.uniform(*first, count)
            middle = joint + lengths[0] * _direction(angle)
            end = middle + lengths[1] * _direction(angle + side * random.uniform(*bend, count))
            points.append(end)
            starts += [joint, middle]
            ends += [middle, end]
    # Margins keep the head and the thickness of the limbs inside.
    whole = np.stack([*points, *starts, neck], axis=1)
    low, high = whole.min(axis=1) - 0.25, whole.max(axis=1) + 0.25
    scale = random.uniform(0.65, 0.95, count) / (high - low).max(axis=1)
    room = 1 - (high - low) * scale[:, np.newaxis]
    origin = low * scale[:, np.newaxis] - random.uniform(size=(count, 2)) * room
    starts, ends, points = (
        np.stack(part, axis=1) * scale[:, np.newaxis, np.newaxis] - origin[:, np.newaxis]
        for part in (starts, ends, points)
    )
    return Figures(points, starts, ends, 0.2 * scale)


def _direction(angle: np.ndarray) -> np.ndarray:
    """Give unit vectors (y, x) at an angle from straight down, in radians."""
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def _from_line(start: np.ndarray, end: np.ndarray, size: int) -> np.ndarray:
    """Measure in pixels how far each is from the line between two points in [0, 1]."""
    pixels = (np.arange(size) + 0.5) / size
    place = np.stack(np.meshgrid(pixels, pixels, indexing="ij"), axis=-1)
    along = (end - start)[:, np.newaxis, np.newaxis]
    offset = place - start[:, np.newaxis, np.newaxis]
    squared = np.maximum(np.sum(along * along, axis=-1), 1e-12)
    share = np.clip(np.sum(offset * along, axis=-1) / squared, 0, 1)
    return np.asarray(size * np.linalg.norm(offset - share[..., np.newaxis] * along, axis=-1))
