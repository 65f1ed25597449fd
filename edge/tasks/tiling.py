"""Pictures larger than what a model takes, tile by tile."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..errors import ModelError
from ..runtime.model import Model
from ..runtime.tensors import Array
from .outputs import only, outputs_for
from .picture import Picture, read


def tiled(model: Model, image: Picture, *, overlap: int | None = None) -> Array:
    """Run a model on overlapping tiles of a picture, and blend what it gives where they overlap.

    A tile counts less towards its border, where the model sees less of the surroundings, so that
    no seam is left. What a small picture lacks to a tile is its mirror image.

    Args:
        model: A model from a picture to values for each pixel, or for each of `n * n` pixels that
            it makes of one.
        image: A path, a Pillow image, or a uint8 array (H, W) or (H, W, C).
        overlap: Pixels that neighbouring tiles share at least; a quarter of a tile when None.

    Returns:
        Real values, float32, (n * H, n * W, channels).

    Raises:
        ModelError: If the model gives no such values.
        ValueError: If the overlap is out of range, or the image is no picture.
    """
    pixels = read(image)
    sides = model.inputs[0].shape[1:3]
    times = _times(model)
    overlap = min(sides) // 4 if overlap is None else overlap
    if not 0 <= overlap < min(sides):
        raise ValueError(
            f"overlap must be at least 0 and below {min(sides)}. Received: overlap={overlap}"
        )
    padded = _padded(pixels, sides)
    height, width = (side * times for side in padded.shape[:2])
    total = np.zeros((height, width, model.outputs[0].shape[-1]), np.float32)
    weight = np.zeros((height, width, 1), np.float32)
    window = _window([side * times for side in sides], overlap * times)
    for top in _starts(padded.shape[0], sides[0], overlap):
        for left in _starts(padded.shape[1], sides[1], overlap):
            tile = padded[top : top + sides[0], left : left + sides[1]]
            place = np.s_[
                top * times : (top + sides[0]) * times, left * times : (left + sides[1]) * times
            ]
            total[place] += window * only(outputs_for(model, tile))[0]
            weight[place] += window
    height, width = (side * times for side in pixels.shape[:2])
    blended: Array = (total / weight)[:height, :width]
    return blended


def _times(model: Model) -> int:
    """Give how many pixels a side the model makes of one."""
    given, made = (spec[0].shape for spec in (model.inputs, model.outputs))
    if len(given) == len(made) == 4 and given[1] and given[2]:
        times = made[1] // given[1]
        if times and made[1:3] == (times * given[1], times * given[2]):
            return int(times)
    raise ModelError(
        "Tiles need a model whose output has the sides of its input, or a multiple of both. "
        f"Received: input {given}, output {made}"
    )


def _padded(pixels: Array, sides: Sequence[int]) -> Array:
    """Mirror pixels below and to the right until there is a tile."""
    missing = [max(0, side - length) for side, length in zip(sides, pixels.shape, strict=False)]
    return np.pad(pixels, [(0, missing[0]), (0, missing[1]), (0, 0)], mode="symmetric")


def _starts(length: int, side: int, overlap: int) -> list[int]:
    """Give where tiles start, evenly from the first pixel to the last that a tile fits behind."""
    count = math.ceil((length - overlap) / (side - overlap))
    return [round(start) for start in np.linspace(0, length - side, max(1, count))]


def _window(sides: Sequence[int], margin: int) -> Array:
    """Weigh pixels of a tile: 1 inside, and less and less over a margin."""
    ramps = []
    for side in sides:
        inside = np.minimum(np.arange(side), np.arange(side)[::-1]) + 0.5
        ramps.append(np.minimum(1.0, inside / max(margin, 0.5)).astype(np.float32))
    rows, columns = ramps
    return np.asarray(rows[:, None, None] * columns[None, :, None])
