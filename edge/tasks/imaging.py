"""Pictures that a model makes out of another picture."""

from __future__ import annotations

from typing import Any

from ..description.metadata import Metadata
from ..errors import ModelError
from ..runtime.model import Model
from ..runtime.tensors import Array
from .outputs import outputs_for
from .picture import Picture, restore
from .tiling import tiled


def reconstruct(model: Model, image: Picture) -> Array:
    """Turn a picture into the picture that the model makes of it.

    Args:
        model: A model of task `autoencoding`, or any that gives pictures for pictures. Of several
            outputs, `reconstruction` is taken, else the first that has the shape of a picture.
        image: A path, a Pillow image, or a uint8 array (H, W) or (H, W, C).

    Returns:
        Pixels, uint8, of shape (H, W, C).

    Raises:
        ModelError: If the model gives no picture.
        ValueError: If the image is no picture.
    """
    pixels: Array = restore(picture_of(outputs_for(model, image)), model.metadata)[0]
    return pixels


def improve(model: Model, image: Picture, *, overlap: int | None = None) -> Array:
    """Remove noise from a picture, sharpen it or enlarge it, as the model was trained to.

    The picture keeps its own size, or that times the model's factor: a large one goes through the
    model tile by tile.

    Args:
        model: A model of task `restoration`, or any that gives pictures for pictures.
        image: A path, a Pillow image, or a uint8 array (H, W) or (H, W, C).
        overlap: Pixels that neighbouring tiles share at least; a quarter of a tile when None.

    Returns:
        Pixels, uint8, of shape (n * H, n * W, C).

    Raises:
        ModelError: If the model gives no picture of its input's size or a multiple of that.
        ValueError: If the overlap is out of range, or the image is no picture.
    """
    values = tiled(model, image, overlap=overlap)[None]
    pixels: Array = restore(picture_of({"tiles": values}), model.metadata)[0]
    return pixels


def size(pictures: Array, metadata: Metadata) -> dict[str, Any]:
    """Give the number of pictures and their size."""
    return {"pictures": "x".join(map(str, pictures.shape))}


def picture_of(outputs: dict[str, Array]) -> Array:
    """Give the picture among the outputs of a model, `reconstruction` or else the first one.

    Raises:
        ModelError: If there is none.
    """
    pictures = {
        name: array
        for name, array in outputs.items()
        if array.ndim == 4 and array.shape[-1] in (1, 3)
    }
    if not pictures:
        shapes = {name: array.shape for name, array in outputs.items()}
        raise ModelError(f"The model must give pictures. Received: {shapes}")
    return pictures.get("reconstruction", next(iter(pictures.values())))
