"""Generated scenes of coloured shapes, and sentences about them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerascnn.data.dataset import Dataset
from kerascnn.data.scenery import background, generated, paint, tight_boxes
from kerascnn.data.shapes import LABELS as KINDS
from kerascnn.data.shapes import places, shape_distance
from kerascnn.data.texts import MARKS, encode

COLOURS = {
    "red": (0.9, 0.1, 0.1),
    "green": (0.1, 0.8, 0.2),
    "blue": (0.15, 0.25, 0.95),
    "yellow": (0.95, 0.9, 0.1),
}
_RELATIONS = (("left of", "right of"), ("above", "below"))
LABELS = (*MARKS, "a", *COLOURS, *KINDS[1:], "left", "right", "of", "above", "below")
_WORDS = 3  # of a name: a red circle
_LONGEST = 8  # words: a red circle left of a blue square


def captioned_scenes(
    *, count: int = 2000, size: int = 32, noise: float = 0.05, seed: int = 0
) -> Dataset:
    """Draw one or two shapes of four colours, and say what is where.

    `a red circle left of a blue square`: which way two shapes are farther apart decides between
    left and above, and the left or upper one comes first. `references` are all sentences that are
    right, the other way and from the other shape's side too, with zeros behind each. `boxes` and
    `phrases` are where each shape is and what it is: `a red circle`.

    Args:
        count: Images of the training split, at least 4; validation and test have a quarter each.
        size: Side of the images in pixels, at least 16.
        noise: Standard deviation of the Gaussian noise, at least 0; pixels are clipped to [0, 1].
        seed: Seed of everything that is drawn.

    Raises:
        ValueError: If an argument is out of range.
    """
    return generated(
        _scenes, "captioned_scenes", count=count, size=size, noise=noise, seed=seed, labels=LABELS
    )


def _scenes(
    count: int, size: int, noise: float, random: np.random.Generator
) -> dict[str, np.ndarray]:
    kinds = random.integers(1, len(KINDS), size=(count, 2))
    colours = random.integers(len(COLOURS), size=(count, 2))
    radii = random.uniform(0.15, 0.22, size=(count, 2))
    centres, apart = places(radii, random)
    kinds[:, 1] = np.where(apart & (random.random(count) < 0.8), kinds[:, 1], -1)
    image = background(random.uniform(0.35, 0.55, size=(count, 1)) * np.ones(3), size, random)
    boxes = np.zeros((count, 2, 4), np.float32)
    for index in range(2):
        centre, radius = centres[:, index] * size, radii[:, index] * size
        distance = shape_distance(kinds[:, index], centre, radius, size)
        boxes[:, index] = tight_boxes(distance < 0)
        image = paint(image, distance, np.array(list(COLOURS.values()))[colours[:, index]])
    image += noise * random.standard_normal(image.shape)
    names = [_names(*scene) for scene in zip(kinds, colours, strict=True)]
    codes = _codes(
        [_sentences(*scene) for scene in zip(names, centres, strict=True)], (4, _LONGEST)
    )
    return {
        "image": np.clip(image, 0, 1).astype(np.float32),
        "tokens": codes[:, 0],
        "references": codes,
        "boxes": boxes,
        "phrases": _codes(names, (2, _WORDS)),
    }


def _codes(texts: Sequence[Sequence[str]], shape: tuple[int, int]) -> np.ndarray:
    """Give the words of the texts of each image as labels, with zeros behind them."""
    codes = np.zeros((len(texts), *shape), np.int32)
    for rows, each in zip(codes, texts, strict=True):
        rows[: len(each)] = encode([text.split() for text in each], LABELS, shape[1])
    return codes


def _names(kinds: np.ndarray, colours: np.ndarray) -> list[str]:
    """Name the shapes that are there."""
    return [
        f"a {list(COLOURS)[colour]} {KINDS[kind]}"
        for kind, colour in zip(kinds, colours, strict=True)
        if kind > 0
    ]


def _sentences(names: list[str], centres: np.ndarray) -> list[str]:
    """Say what is seen in every way that is right, first in that of the data set."""
    if len(names) == 1:
        return names
    right = []
    for axis in np.argsort(-np.abs(centres[0] - centres[1])):  # of (y, x)
        before, after = _RELATIONS[1 - axis]
        first, second = np.argsort(centres[:, axis])
        right += [
            f"{names[first]} {before} {names[second]}",
            f"{names[second]} {after} {names[first]}",
        ]
    return right
