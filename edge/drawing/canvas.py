"""What results are drawn on, and with."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import numpy as np

from ..runtime.tensors import Array
from ..tasks.pillow import pillow

_SMALLEST = 240  # pixels; below that text and masks can't be read
_LETTERS = 14  # pixels, the least height of letters that can be read
# Pillow's own font has no letters but those of English.
_FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial.ttf")


def palette(count: int) -> Array:
    """Give a colour for each class: black for 0, then the well-known ones of Pascal VOC.

    Args:
        count: Number of classes, at most 256.

    Returns:
        RGB colours, uint8, of shape (count, 3). They differ in their highest bits first.
    """
    index = np.arange(count)[:, None]
    shifts = np.array([0, 1, 2])
    colours = np.zeros((count, 3), np.uint8)
    for place in range(8):
        colours |= (((index >> (3 * place + shifts)) & 1) << (7 - place)).astype(np.uint8)
    return colours


def bright(index: int) -> tuple[int, ...]:
    """Give the colour of a class for lines, which is seen on dark and on light pictures."""
    # A golden angle between the hues keeps each apart from all those before.
    hue = round(index * 137.508 % 360)
    return tuple(pillow("ImageColor").getrgb(f"hsl({hue}, 90%, 60%)"))


def enlarged(pixels: Array) -> Any:
    """Make an RGB image; small ones are magnified by a whole number, pixel by pixel."""
    image = pillow("Image").fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    factor = math.ceil(_SMALLEST / min(image.size))
    size = (image.width * factor, image.height * factor)
    return image.convert("RGB").resize(size, resample=pillow("Image").Resampling.NEAREST)


def letters(image: Any) -> Any:
    """Give the font for an image, a thirtieth of its shorter side high but readable."""
    size = max(_LETTERS, min(image.size) // 30)
    fonts = pillow("ImageFont")
    for name in _FONTS:
        with contextlib.suppress(OSError):
            return fonts.truetype(name, size)
    return fonts.load_default(size)


def stroke(image: Any) -> int:
    """Give the width of lines on an image, in pixels."""
    return max(2, int(min(image.size)) // 150)
