"""Random numbers that belong to examples."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np


def fixed_seed(images: np.ndarray) -> int:
    """Give a seed, always the same for the same images, and another for others.

    Args:
        images: The images of the examples.
    """
    return zlib.crc32(np.ascontiguousarray(images).tobytes())


def fixed_normal(images: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Draw standard normal numbers: always the same for the same images, and others for others.

    Args:
        images: The images of the examples, whose bytes are the seed.
        shape: Shape of the numbers.

    Returns:
        float32 of this shape.
    """
    random = np.random.default_rng(fixed_seed(images))
    return random.standard_normal(tuple(shape), dtype=np.float32)
