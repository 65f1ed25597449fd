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
    """Put a picture of uint8 pixels (H, W, C) to the right of an image."""
    right = enlarged(pixels).resize(image.size, resample=pillow("Image").Resampling.NEAREST)
    sheet = pillow("Image").new("RGB", (2 * image.width + 4, image.height), "white")
    sheet.paste(image)
    sheet.paste(right, (image.width + 4, 0))
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
