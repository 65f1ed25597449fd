"""Pixels between pixels, by operations on no more than the axes of the image."""

import math
from collections.abc import Sequence

from keras import ops


def insert_zeros(x, sizes: Sequence[int], places: Sequence[int]):
    """Turn each pixel into a block of zeros that holds the pixel in one place.

    A pixel of `c` channels becomes a block row of `n` pixels by `(n - 1) * c` more channels, and a
    row of pixels becomes `n` rows by more pixels in the row; the rest is reading the same numbers
    in another shape.

    Args:
        x: Image, `(batch, side_1, ..., channels)`.
        sizes: Sides of the block, at least 1, one an axis.
        places: Where the pixel lies in the block, in `[0, size)`, one an axis.

    Returns:
        `(batch, side_1 * size_1, ..., channels)`

    Example:
        >>> insert_zeros(keras.ops.ones((1, 2, 1)), sizes=[3], places=[1])[0, :, 0]
        [0, 1, 0, 0, 1, 0]
    """
    if math.prod(sizes) == 1:
        return x
    shape = ops.shape(x)
    paddings, sides = [(0, 0), (0, 0)], []
    for axis, (size, place) in enumerate(zip(sizes, places, strict=True), 1):
        paddings.append((place * shape[axis + 1], (size - 1 - place) * shape[axis + 1]))
        sides.append(size * shape[axis])
    return ops.reshape(ops.pad(x, paddings), (-1, *sides, shape[-1]))


def interleave(images: Sequence, axis: int):
    """Put the first pixels of all images along an axis first, then the second ones, and so on.

    Args:
        images: Images of one shape; None stands for zeros.
        axis: Axis of the image, not the last one.

    Returns:
        An image with as many times the side as there are images; None if all are None.

    Example:
        >>> interleave([keras.ops.zeros((1, 2, 1)), keras.ops.ones((1, 2, 1))], axis=1)[0, :, 0]
        [0, 1, 0, 1]
    """
    given = [image for image in images if image is not None]
    if not given or len(images) == 1:
        return given[0] if given else None
    zeros = ops.zeros_like(given[0])
    side_by_side = [zeros if image is None else image for image in images]
    shape = list(ops.shape(given[0]))
    shape[axis] *= len(images)
    return ops.reshape(ops.concatenate(side_by_side, axis + 1), (-1, *shape[1:]))


def crop(x, margins: Sequence[tuple[int, int]]):
    """Cut margins off the sides of an image; negative ones are zeros to add.

    Args:
        x: Image, `(batch, side_1, ..., channels)`.
        margins: Pixels at the front and at the end, one pair an axis.

    Returns:
        The cropped image.

    Example:
        >>> crop(keras.ops.ones((1, 3, 1)), [(2, -2)])[0, :, 0]
        [1, 0, 0]
    """
    pads = [tuple(max(0, -side) for side in pair) for pair in margins]
    if any(map(any, pads)):
        x = ops.pad(x, [(0, 0), *pads, (0, 0)])
    cuts = [(max(0, before), -after if after > 0 else None) for before, after in margins]
    if set(cuts) <= {(0, None)}:
        return x
    return x[(slice(None), *(slice(*cut) for cut in cuts))]
