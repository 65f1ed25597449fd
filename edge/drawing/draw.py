"""Any result as a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..description.metadata import Metadata
from ..tasks.detection import Detection
from ..tasks.neighbours import Neighbour
from ..tasks.picture import Picture, coloured, read
from ..tasks.pose import Keypoint
from ..tasks.recognition import Class
from ..tasks.text import Text
from .canvas import enlarged
from .marks import boxed, jointed
from .masks import beside, gridded, masked
from .words import written


def draw(image: Picture | None, result: Any, metadata: Metadata | None = None) -> Any:
    """Show what a task function found.

    Args:
        image: The picture that was asked about; None for generated pictures, and for texts about
            none.
        result: What `classify`, `segment`, `detect` or another task function returned, or
            `Gallery.nearest`.
        metadata: What the model says about itself; its skeleton joins key points.

    Returns:
        A Pillow image: the picture with its labels or texts below, with boxes, limbs or a mask, or
        beside its reconstruction; or the generated pictures in a grid.

    Raises:
        ImportError: If Pillow isn't installed.
        ValueError: If the result can't be drawn.
    """
    if isinstance(result, np.ndarray) and result.dtype == np.uint8 and result.ndim == 4:
        return enlarged(gridded(result))
    if image is None and _all(result, Text) and result:
        return written(None, result)
    drawing = _drawing(result, metadata or Metadata())
    if image is None or drawing is None:
        kind = f"{result.dtype} array" if isinstance(result, np.ndarray) else type(result).__name__
        raise ValueError(
            "Only results of task functions can be drawn, all but generated pictures and texts "
            f"with the image they are about. Received: image={image!r:.40}, a result of type {kind}"
        )
    return drawing(enlarged(coloured(read(image), 3)))


def _drawing(result: Any, metadata: Metadata) -> Callable[[Any], Any] | None:
    if isinstance(result, np.ndarray):
        if result.dtype == np.uint8 and result.ndim == 3:
            return lambda image: beside(image, result)
        if result.dtype.kind == "i" and result.ndim == 2:
            return lambda image: masked(image, result)
        return None
    for kind, drawing in _LISTS.items():
        if _all(result, kind):
            return lambda image: drawing(image, result, metadata)
    return None


def _all(result: Any, kind: type) -> bool:
    return isinstance(result, list) and all(isinstance(entry, kind) for entry in result)


# An empty list is one of all kinds: nothing was found, and the picture stays as it is.
_LISTS: Mapping[type, Callable[[Any, Sequence[Any], Metadata], Any]] = {
    Detection: lambda image, found, _: boxed(image, found),
    Keypoint: lambda image, found, metadata: jointed(image, found, metadata.skeleton),
    Class: lambda image, found, _: written(image, found),
    Neighbour: lambda image, found, _: written(image, found),
    Text: lambda image, found, _: written(image, found),
}
