"""Results as a picture: labels under it, masks over it, pictures in a grid."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..runtime.tensors import Array
from .picture import Picture, coloured, pillow, read
from .recognition import Class

_SMALLEST = 240  # pixels; below that text and masks can't be read
_LINE = 14  # pixels a line of text takes


def draw(image: Picture | None, result: Any) -> Any:
    """Show what a task function found.

    Args:
        image: The picture that was asked about; None for generated pictures.
        result: What `classify`, `segment`, `reconstruct` or `generate` returned.

    Returns:
        A Pillow image: the picture with its labels below, with its mask, or beside its
        reconstruction; or the generated pictures in a grid.

    Raises:
        ImportError: If Pillow isn't installed.
        ValueError: If the result can't be drawn.
    """
    if isinstance(result, np.ndarray) and result.dtype == np.uint8 and result.ndim == 4:
        return _enlarged(_grid(result))
    drawing = _drawing(result)
    if image is None or drawing is None:
        kind = f"{result.dtype} array" if isinstance(result, np.ndarray) else type(result).__name__
        raise ValueError(
            "Only classes, masks and pictures can be drawn, all but generated pictures with the "
            f"image they are about. Received: image={image!r:.40}, a result of type {kind}"
        )
    return drawing(coloured(read(image), 3), result)


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


def _drawing(result: Any) -> Callable[[Array, Any], Any] | None:
    if isinstance(result, np.ndarray):
        if result.dtype == np.uint8 and result.ndim == 3:
            return _beside
        return _masked if result.dtype.kind == "i" and result.ndim == 2 else None
    listed = isinstance(result, list) and all(isinstance(entry, Class) for entry in result)
    return _labelled if listed and result else None


def _labelled(pixels: Array, classes: Sequence[Class]) -> Any:
    image = _enlarged(pixels)
    lines = [f"{entry.label}  {entry.score:.3g}" for entry in classes]
    sheet = pillow("Image").new("RGB", (image.width, image.height + _LINE * len(lines) + 4))
    sheet.paste(image)
    pen = pillow("ImageDraw").Draw(sheet)
    for number, line in enumerate(lines):
        pen.text((4, image.height + 2 + _LINE * number), line, fill="white")
    return sheet


def _masked(pixels: Array, mask: Array) -> Any:
    """Tint the pixels of all classes but 0, which is the background."""
    image = _enlarged(pixels)
    nearest = pillow("Image").Resampling.NEAREST
    tints = pillow("Image").fromarray(palette(256)[mask % 256]).resize(image.size, resample=nearest)
    where = pillow("Image").fromarray(np.where(mask, 128, 0).astype(np.uint8))
    return pillow("Image").composite(tints, image, where.resize(image.size, resample=nearest))


def _beside(pixels: Array, result: Array) -> Any:
    left, right = _enlarged(pixels), _enlarged(result)
    right = right.resize(left.size, resample=pillow("Image").Resampling.NEAREST)
    sheet = pillow("Image").new("RGB", (2 * left.width + 4, left.height), "white")
    sheet.paste(left)
    sheet.paste(right, (left.width + 4, 0))
    return sheet


def _grid(pictures: Array) -> Array:
    """Put pictures (n, H, W, C) into rows of equal length, the free places black."""
    count, height, width, channels = pictures.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.zeros((rows * columns, height, width, channels), np.uint8)
    sheet[:count] = pictures
    sheet = sheet.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return sheet.reshape(rows * height, columns * width, channels)


def _enlarged(pixels: Array) -> Any:
    """Make an RGB image; small ones are magnified by a whole number, pixel by pixel."""
    image = pillow("Image").fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    factor = math.ceil(_SMALLEST / min(image.size))
    size = (image.width * factor, image.height * factor)
    return image.convert("RGB").resize(size, resample=pillow("Image").Resampling.NEAREST)
