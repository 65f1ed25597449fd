"""Which keys a query may see in local sparse attention, and in which order pixels are counted.

A pattern is a boolean matrix `(queries, keys)` over a sequence that is cut into blocks of `stride`
places; the last block may be shorter. Of each direction a floor pattern collects a block in one of
its ends, and a repetitive pattern gives these ends to everyone: in two steps each place learns
from every other, though a query sees some `stride` keys in each.

Reference:
    https://arxiv.org/abs/1911.12287
"""

import numpy as np


def left_floor(count: int, stride: int) -> np.ndarray:
    """Let each place see its block up to itself."""
    places = np.arange(count)
    blocks = places // stride
    return (blocks == blocks[:, None]) & (places <= places[:, None])


def right_floor(count: int, stride: int) -> np.ndarray:
    """Let each place see its block from itself on."""
    return left_floor(count, stride).T


def left_repetitive(count: int, stride: int) -> np.ndarray:
    """Let each place see itself and the last place of every block."""
    return _self_and(left_ends(count, stride), count)


def right_repetitive(count: int, stride: int) -> np.ndarray:
    """Let each place see itself and the first place of every block."""
    return _self_and(right_ends(count, stride), count)


def left_ends(count: int, stride: int) -> np.ndarray:
    """List the last place of every block."""
    return np.append(np.arange(stride - 1, count - 1, stride), count - 1)


def right_ends(count: int, stride: int) -> np.ndarray:
    """List the first place of every block."""
    return np.arange(0, count, stride)


ENDS = {"right_repetitive": right_ends, "left_repetitive": left_ends}
PATTERNS = {
    "right_floor": right_floor,
    "right_repetitive": right_repetitive,
    "left_floor": left_floor,
    "left_repetitive": left_repetitive,
}


def manhattan_order(height: int, width: int) -> np.ndarray:
    """Count pixels by their distance in steps from the top left one; of equal ones, upper first.

    Returns:
        The row-major indices of the pixels in this order, so that blocks of the sequence are
        diagonal stripes of the image.
    """
    rows, columns = np.divmod(np.arange(height * width), width)
    return np.argsort(rows + columns, kind="stable")


def grid_pattern(
    pattern: str, height: int, width: int, *, stride: int, pool_size: int = 1
) -> np.ndarray:
    """Lay a pattern over an image, for queries at its pixels and keys pooled over its cells.

    Args:
        pattern: A name of `PATTERNS`.
        height: Height of the image in pixels, a multiple of the pool.
        width: Width of the image in pixels, a multiple of the pool.
        stride: Places in a block.
        pool_size: Sides of the cells that share a key, in pixels.

    Returns:
        The boolean matrix `(height * width, keys)`, pixels and cells in row-major order. A query
        sees what its cell sees.
    """
    rows, columns = height // pool_size, width // pool_size
    order = manhattan_order(rows, columns)
    cells = np.zeros((rows * columns,) * 2, bool)
    cells[np.ix_(order, order)] = PATTERNS[pattern](rows * columns, stride)
    y, x = np.divmod(np.arange(height * width), width)
    return cells[y // pool_size * columns + x // pool_size]


def _self_and(ends, count):
    pattern = np.eye(count, dtype=bool)
    pattern[:, ends] = True
    return pattern
