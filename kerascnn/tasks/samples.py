"""A picture of what a generator draws."""

from __future__ import annotations

import numpy as np
from PIL import Image

from kerascnn.tasks.drawing import Section, Tile, gallery

_COLUMNS = 10


def draw_samples(
    images: np.ndarray,
    real: np.ndarray,
    classes: np.ndarray | None = None,
    again: np.ndarray | None = None,
) -> Image.Image:
    """Draw generated images, those of a class below each other, and real ones to compare.

    Args:
        images: Generated images in [0, 1].
        real: Real ones.
        classes: The class that each generated image was asked for, one-hot; None for none.
        again: The real ones, drawn again from their codes.
    """
    order = np.arange(len(images))
    if classes is not None:
        order = _by_class(np.asarray(classes).argmax(axis=-1))
    rows = {"Generated": images[order[: 6 * _COLUMNS]], "Real": real[: 2 * _COLUMNS]}
    if again is not None:
        rows["Real, drawn again"] = again[: 2 * _COLUMNS]
    sections = [Section(name, [Tile(image) for image in some]) for name, some in rows.items()]
    return gallery(sections, columns=_COLUMNS)


def _by_class(labels: np.ndarray) -> np.ndarray:
    """Order images so that the columns of a picture are the classes, as far as there are enough."""
    ranks = np.zeros(len(labels), int)
    for label in np.unique(labels):
        ranks[labels == label] = np.arange(np.sum(labels == label))
    return np.lexsort((labels, ranks))
