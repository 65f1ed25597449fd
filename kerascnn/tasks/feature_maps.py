"""The picture of the deconvnet's paper: what the maps of an encoder respond to."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from kerascnn.models.deconvnet import Deconvnet
from kerascnn.tasks.drawing import Section, Tile, gallery

_SIDE = 3  # images of a map, squared
_GAP = 1  # pixels between them
_COLUMNS = 6


def draw_feature_maps(
    model: Any,
    images: np.ndarray,
    layer: str,
    *,
    maps: int | Sequence[int] = 9,
    inputs: np.ndarray | None = None,
) -> Image.Image:
    """Draw what the maps of a layer respond to most.

    For each map, the nine images to which it responds most are projected back to pixels (grey is
    0), beside the patches of the images that can reach the unit.

    Args:
        model: A functional encoder, or one with a `deployable`.
        images: Images `(count, height, width, channels)` in [0, 1] to search, at least nine.
        layer: A stage such as `"stage3"` or the name of a layer that gives maps.
        maps: Indices of maps, or how many of those whose responses differ most between images.
        inputs: The same images as the model takes them, where that differs from [0, 1].

    Returns:
        The picture.

    Raises:
        ValueError: If there are fewer than nine images, or no such layer or map.

    Reference:
        https://arxiv.org/abs/1311.2901
    """
    inputs = images if inputs is None else inputs
    if len(images) < _SIDE**2:
        raise ValueError(f"images must be {_SIDE**2} or more. Received: {len(images)}")
    network = Deconvnet(model, layer)
    for channel in () if isinstance(maps, int) else maps:
        network.check(channel)
    responses = network.responses(inputs)
    if isinstance(maps, int):
        maps = np.argsort(-np.std(responses, axis=0), kind="stable")[:maps].tolist()
    tiles = []
    for channel in maps:
        best = np.argsort(-responses[:, channel], kind="stable")[: _SIDE**2]
        found = network(inputs[best], channel)
        cut = [_cut(box, images.shape[1:3]) for box in found.boxes]
        projections = [_grey(pixels)[rows] for pixels, rows in zip(found.pixels, cut, strict=True)]
        patches = [image[rows] for image, rows in zip(images[best], cut, strict=True)]
        tiles += [Tile(_mosaic(projections), f"map {channel}"), Tile(_mosaic(patches))]
    heading = f"{layer}: the strongest responses, as pixels and as patches"
    return gallery([Section(heading, tiles)], columns=_COLUMNS)


def _cut(box: np.ndarray, sides: tuple[int, int]) -> tuple[slice, slice]:
    """Make a box square, inside the image."""
    top, left, bottom, right = box
    side = min(max(bottom - top, right - left), *sides)
    starts = [
        int(np.clip((low + high - side) // 2, 0, whole - side))
        for low, high, whole in ((top, bottom, sides[0]), (left, right, sides[1]))
    ]
    return slice(starts[0], starts[0] + side), slice(starts[1], starts[1] + side)


def _grey(pixels: np.ndarray) -> np.ndarray:
    """Show signed values around middle grey."""
    return 0.5 + 0.5 * pixels / max(np.abs(pixels).max(), 1e-12)


def _mosaic(tiles: Sequence[np.ndarray]) -> np.ndarray:
    """Lay square tiles out in a square, all as large as the largest."""
    side = max(len(tile) for tile in tiles)
    pitch = side + _GAP
    canvas = np.ones((_SIDE * pitch - _GAP, _SIDE * pitch - _GAP, tiles[0].shape[-1]))
    for index, tile in enumerate(tiles):
        row, column = np.multiply(divmod(index, _SIDE), pitch)
        places = np.arange(side) * len(tile) // side
        canvas[row : row + side, column : column + side] = tile[places][:, places]
    return canvas
