"""Pictures over, beside and under each other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..runtime.tensors import Array
from ..tasks.pillow import pillow
from .canvas import enlarged, palette


def masked(image: Any, mask: Array) -> Any:
    """Tint the pixels of all classes but 0, which is the background."""
    nearest = pillow("Image").Resampling.NEAREST
    tints = pillow("Image").fromarray(palette(256)[mask % 256]).resize(image.size, resample=nearest)
    where = pillow("Image").fromarray(np.where(mask, 128, 0).astype(np.uint8))
    return pillow("Image").composite(tints, image, where.resize(image.size, resample=nearest))


def beside(image: Any, pixels: Array) -> Any:
    """Put a picture of uint8 pixels (H, W, C) right of an image, the smaller one enlarged."""
    pair = [image, enlarged(pixels)]
    width, height = max((one.size for one in pair), key=math.prod)
    sheet = pillow("Image").new("RGB", (2 * width + 4, height), "white")
    for left, one in zip((0, width + 4), pair, strict=True):
        sheet.paste(one.resize((width, height), pillow("Image").Resampling.NEAREST), (left, 0))
    return sheet


def gridded(pictures: Array) -> Array:
    """Put pictures (n, H, W, C) into rows of equal length, the free places black."""
    count, height, width, channels = pictures.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.zeros((rows * columns, height, width, channels), np.uint8)
    sheet[:count] = pictures
    sheet = sheet.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return sheet.reshape(rows * height, columns * width, channels)
