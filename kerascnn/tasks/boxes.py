"""Draws boxes on images."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from kerascnn.tasks.drawing import PALETTE
from kerascnn.tasks.precision import Found

_SIDE = 208  # least pixels of an image on which lines can be told apart


def boxed(image: np.ndarray, found: Found) -> np.ndarray:
    """Draw boxes in the colours of their classes.

    Args:
        image: `(height, width, 1 or 3)` in [0, 1].
        found: The boxes.

    Returns:
        `(height, width, 3)` in [0, 1], magnified by a whole number where the image is small.
    """
    height, width, _ = image.shape
    factor = -(-_SIDE // min(height, width))
    pixels = np.rint(255 * np.broadcast_to(image, (height, width, 3))).astype(np.uint8)
    sheet = Image.fromarray(np.repeat(np.repeat(pixels, factor, 0), factor, 1))
    pen, line = ImageDraw.Draw(sheet), max(4, min(sheet.size) // 60)
    scale = np.array([width, height, width, height]) * factor
    for (ymin, xmin, ymax, xmax), value in zip(found.boxes, found.classes, strict=True):
        left, top, right, bottom = np.array([xmin, ymin, xmax, ymax]) * scale
        corners = np.array([left, top, max(left, right - 1), max(top, bottom - 1)])
        # A dark rim, or a line is lost on an image of its own colour.
        rim = corners + np.array([-2, -2, 2, 2])
        pen.rectangle([*rim], outline="black", width=line + 4)
        pen.rectangle([*corners], outline=colour(int(value)), width=line)
    return np.asarray(sheet) / 255.0


def colour(value: int) -> str:
    """Give the colour of a class, 1 and above."""
    return PALETTE[(value - 1) % len(PALETTE)]
