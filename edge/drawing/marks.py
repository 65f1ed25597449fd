"""Boxes and key points on a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..tasks.detection import Detection
from ..tasks.pillow import pillow
from ..tasks.pose import Keypoint
from .canvas import bright, letters, stroke

Rectangle: TypeAlias = tuple[float, float, float, float]  # left, top, right, bottom, in pixels

_MARGIN = 2  # pixels around the letters on a box
_LUMA = (0.299, 0.587, 0.114)
_LIGHT = 128  # black letters are read on what is lighter


def boxed(image: Any, detections: Sequence[Detection]) -> Any:
    """Draw boxes with labels and scores, a colour for each class, the best on top.

    Args:
        image: A Pillow image.
        detections: The detections.

    Returns:
        The image with the boxes.
    """
    sheet = image.copy()
    pen, font, width = pillow("ImageDraw").Draw(sheet), letters(image), stroke(image)
    corners = [_corners(image, found) for found in detections]
    for found, box in zip(reversed(detections), reversed(corners), strict=True):
        # A dark rim, or a line is lost on a picture of its own colour.
        pen.rectangle(_grown(box, 1), outline="black", width=width + 2)
        pen.rectangle(box, outline=bright(found.index), width=width)
    # The labels last, so that no box runs through them; the best have the first choice.
    taken: list[Rectangle] = []
    for found, box in zip(detections, corners, strict=True):
        text = f"{found.label} {found.score:.2f}"
        size = (font.getlength(text) + 2 * _MARGIN, sum(font.getmetrics()))
        place = _label_place(box, size, image.size, taken)
        taken.append(place)
        colour = bright(found.index)
        pen.rectangle(place, fill=colour)
        light = np.dot(colour, _LUMA) > _LIGHT
        pen.text((place[0] + _MARGIN, place[1]), text, "black" if light else "white", font)
    return sheet


def jointed(image: Any, points: Iterable[Keypoint], skeleton: Iterable[tuple[int, int]]) -> Any:
    """Draw key points, and limbs between those of them that are there.

    Args:
        image: A Pillow image.
        points: The points.
        skeleton: Pairs of indices of points.

    Returns:
        The image with the points and limbs.
    """
    sheet = image.copy()
    pen, width = pillow("ImageDraw").Draw(sheet), stroke(image)
    places = {p.index: (p.x * image.width - 0.5, p.y * image.height - 0.5) for p in points}
    limbs = [pair for pair in skeleton if {*pair} <= places.keys()]
    for fill, extra in (("black", 2), (None, 0)):  # a dark rim is seen on light pictures
        for number, (first, last) in enumerate(limbs):
            colour = fill or bright(number)
            pen.line((places[first], places[last]), fill=colour, width=width + extra)
    for place in places.values():
        pen.circle(place, 1.5 * width, fill="white", outline="black")
    return sheet


def _corners(image: Any, found: Detection) -> Rectangle:
    """Give the outermost pixels of a box: left, top, right, bottom."""
    top, left, bottom, right = found.box
    x, y = left * image.width, top * image.height
    return x, y, max(x, right * image.width - 1), max(y, bottom * image.height - 1)


def _grown(box: Rectangle, by: float) -> Rectangle:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def _label_place(
    box: Rectangle, size: tuple[float, float], picture: tuple[int, int], taken: list[Rectangle]
) -> Rectangle:
    """Put a label above its box, or else inside or below, where it covers no other one."""
    left, top, _, bottom = box
    width, height = size
    x = max(0.0, min(left, picture[0] - width - 1))
    # Above, inside at the top, inside at the bottom, below.
    places = [(x, y, x + width, y + height) for y in (top - height, top, bottom - height, bottom)]
    inside = [place for place in places if place[1] >= 0 and place[3] <= picture[1]]
    free = [place for place in inside if not any(_meet(place, other) for other in taken)]
    return (free or inside or places[1:])[0]


def _meet(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
