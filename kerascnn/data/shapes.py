"""Generated scenes of circles, squares and triangles with their masks and boxes."""

from __future__ import annotations

import functools

import numpy as np

from kerascnn.data.dataset import Dataset
from kerascnn.data.scenery import background, contrast, generated, paint, tight_boxes

LABELS = ("background", "circle", "square", "triangle")
_LIT_LABELS = tuple(f"lit {label}" for label in LABELS)
_UNLIT, _LIT = (0.0, 0.0, 1.0), (1.0, 1.0, 0.0)
_OBJECTS = 2
_PLACES = 64
# The sides of a polygon, as the angles of their outward normals (radians, y downwards).
_NORMALS = {
    2: np.arange(4) * np.pi / 2,
    3: np.pi / 2 + np.arange(3) * 2 * np.pi / 3,
}


def shapes(
    *, count: int = 512, size: int = 32, noise: float = 0.05, lamp: bool = False, seed: int = 0
) -> Dataset:
    """Draw one or two shapes of random colour on a smooth random background.

    Shapes do not touch. The circle around each has a radius of 18 to 28 % of the side. The values
    of masks and `classes` are 1 circle, 2 square, 3 triangle.

    Args:
        count: Images of the training split, at least 4; validation and test have a quarter each.
        size: Side of the images in pixels, at least 16.
        noise: Standard deviation of the Gaussian noise, at least 0; pixels are clipped to [0, 1].
        lamp: Put a lamp of 3 x 3 pixels beside the shapes, yellow when it is lit and blue when not.
            What it lights, however far away, is of another class then: 4 is the background, and 5
            to 7 are the shapes.
        seed: Seed of everything that is drawn.

    Raises:
        ValueError: If an argument is out of range.
    """
    return generated(
        functools.partial(_scenes, lamp=lamp),
        "shapes",
        count=count,
        size=size,
        noise=noise,
        seed=seed,
        labels=LABELS + _LIT_LABELS if lamp else LABELS,
    )


def _scenes(
    count: int, size: int, noise: float, random: np.random.Generator, *, lamp: bool
) -> dict[str, np.ndarray]:
    classes = random.integers(1, len(LABELS), size=(count, _OBJECTS)).astype(np.int32)
    radii = random.uniform(0.18, 0.28, size=(count, _OBJECTS))
    centres, apart = places(radii, random)
    classes[:, 1] = np.where(apart & (random.random(count) < 0.5), classes[:, 1], -1)
    base = random.uniform(0.1, 0.5, size=(count, 3))
    image = background(base, size, random)
    mask = np.zeros((count, size, size), np.int32)
    boxes = np.zeros((count, _OBJECTS, 4), np.float32)
    for index in range(_OBJECTS):
        kind = classes[:, index]
        distance = shape_distance(kind, centres[:, index] * size, radii[:, index] * size, size)
        image = paint(image, distance, contrast(base, random))
        inside = distance < 0
        mask[inside] = np.broadcast_to(kind[:, np.newaxis, np.newaxis], mask.shape)[inside]
        boxes[:, index] = tight_boxes(inside)
    if lamp:
        lit = _hang_lamps(image, mask, random)
        mask += len(LABELS) * lit[:, np.newaxis, np.newaxis]
        classes += len(LABELS) * ((classes > 0) & lit[:, np.newaxis])
    image += noise * random.standard_normal(image.shape)
    return {
        "image": np.clip(image, 0, 1).astype(np.float32),
        "mask": mask,
        "boxes": boxes,
        "classes": classes,
    }


def _hang_lamps(image: np.ndarray, mask: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Paint a lamp of 3 x 3 pixels onto the background of each image, and say which are lit."""
    count, size, _ = mask.shape
    lit = np.asarray(random.random(count) < 0.5)
    wide = np.pad(mask, ((0, 0), (1, 1), (1, 1)), constant_values=1)
    around = np.lib.stride_tricks.sliding_window_view(wide, (3, 3), axis=(1, 2))
    chance = random.random((count, size, size)) * ~around.any(axis=(3, 4))
    rows, columns = np.divmod(chance.reshape(count, -1).argmax(axis=1), size)
    colours = np.where(lit[:, np.newaxis], _LIT, _UNLIT)
    for y, x in np.ndindex(3, 3):
        image[np.arange(count), rows + y - 1, columns + x - 1] = colours
    return lit


def places(radii: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Place two circles of given radii inside the unit square, and say whether they are apart."""
    tries = random.uniform(size=(len(radii), _PLACES, _OBJECTS, 2))
    centres = radii[:, np.newaxis, :, np.newaxis] * (1 - 2 * tries) + tries
    gap = np.linalg.norm(centres[:, :, 0] - centres[:, :, 1], axis=-1)
    apart = gap > radii.sum(axis=1, keepdims=True)
    rows = np.arange(len(radii))
    best = apart.argmax(axis=1)
    return centres[rows, best], apart[rows, best]


def shape_distance(
    kind: np.ndarray, centre: np.ndarray, radius: np.ndarray, size: int
) -> np.ndarray:
    """Signed distance in pixels to each shape, negative inside, infinite where there is none."""
    pixels = np.arange(size) + 0.5
    y = (pixels - centre[:, :1])[:, :, np.newaxis]
    x = (pixels - centre[:, 1:])[:, np.newaxis, :]
    radius = radius[:, np.newaxis, np.newaxis]
    distance = np.full((len(kind), size, size), np.inf)
    circle = kind == 1
    distance[circle] = np.hypot(y[circle], x[circle]) - radius[circle]
    for value, angles in _NORMALS.items():
        chosen = kind == value
        # A regular polygon with its corners on the circle lies within every one of its sides.
        reach = [np.cos(a) * x[chosen] + np.sin(a) * y[chosen] for a in angles]
        distance[chosen] = np.max(reach, axis=0) - radius[chosen] * np.cos(np.pi / len(angles))
    return distance
