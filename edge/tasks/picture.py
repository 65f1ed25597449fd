"""From a picture to what a model takes, and back; arrays of the model's size need no Pillow."""

from __future__ import annotations

from os import PathLike
from typing import Any, TypeAlias

import numpy as np

from ..description.metadata import Metadata
from ..errors import ModelError
from ..runtime.tensors import Array, TensorSpec
from .pillow import pillow, readable

# A path, a Pillow image, or an array of uint8 and shape (H, W) or (H, W, 1, 3 or 4).
Picture: TypeAlias = Any

# ITU-R 601 luma in 16-bit fixed point, the numbers that Pillow uses.
_LUMA = np.array([19595, 38470, 7471], np.uint32)


def read(picture: Picture) -> Array:
    """Read a picture.

    Args:
        picture: A path, a Pillow image, or uint8 grey, RGB, or RGB and opacity, (H, W[, C]).

    Returns:
        Pixels, uint8, (H, W, 1) if grey, else (H, W, 3); opacity is left out.

    Raises:
        ImportError: If Pillow is needed and not installed.
        ValueError: If it is no picture.
    """
    if isinstance(picture, str | PathLike):
        picture = _open(picture)
    pixels = picture if isinstance(picture, np.ndarray) else _pixels(picture)
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[-1] not in (1, 3, 4):
        raise ValueError(
            "A picture is uint8 of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4). "
            f"Received: {pixels.dtype} of shape {pixels.shape}"
        )
    if not pixels.size:
        raise ValueError(f"A picture has pixels. Received: shape={pixels.shape}")
    return pixels[..., :3]


def prepare(picture: Picture, spec: TensorSpec, metadata: Metadata) -> Array:
    """Make a batch of one out of a picture, for `Model.__call__`.

    Args:
        picture: What `read` takes. It is stretched to the model's height and width.
        spec: The input that the picture is for, of shape (n, H, W, 1) or (n, H, W, 3).
        metadata: What the model says about its pixels.

    Returns:
        Real values of shape (1, H, W, C), float32.

    Raises:
        ImportError: If Pillow is needed and not installed.
        ModelError: If the model takes no pictures.
        ValueError: If it is no picture.
    """
    if len(spec.shape) != 4 or spec.shape[-1] not in (1, 3):
        raise ModelError(f"The model takes no pictures, but {spec.name!r} of shape {spec.shape}.")
    _, height, width, channels = spec.shape
    pixels = resize(coloured(read(picture), channels), height, width)
    if metadata.channel_order == "BGR":
        pixels = pixels[..., ::-1]
    mean, std = per_channel(metadata.mean, channels), per_channel(metadata.std, channels)
    return ((pixels[None].astype(np.float32) - mean) / std).astype(np.float32)


def restore(values: Array, metadata: Metadata) -> Array:
    """Make pictures out of a model's output: real values (n, H, W, C) to uint8 RGB or grey."""
    channels = values.shape[-1]
    std = per_channel(metadata.output_std, channels)
    real = values * std + per_channel(metadata.output_mean, channels)
    pixels: Array = np.clip(np.rint(real), 0, 255).astype(np.uint8)
    return pixels[..., ::-1] if metadata.channel_order == "BGR" else pixels


def resize(pixels: Array, height: int, width: int) -> Array:
    """Stretch uint8 pixels (H, W, C) to a size, bilinearly and without aliasing."""
    if pixels.shape[:2] == (height, width):
        return pixels
    image = pillow("Image").fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    resized = image.resize((width, height), resample=pillow("Image").Resampling.BILINEAR)
    return np.asarray(resized).reshape(height, width, -1)


def coloured(pixels: Array, channels: int) -> Array:
    """Convert pixels (H, W, 1 or 3) to 1 or 3 channels."""
    if pixels.shape[-1] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=-1)
    grey = (pixels.astype(np.uint32) @ _LUMA + 0x8000) >> 16
    return grey.astype(np.uint8)[..., None]


def per_channel(values: tuple[float, ...], channels: int) -> Array:
    """Make one number a channel, or one for all, an array that broadcasts over pixels.

    Raises:
        ModelError: If there are neither one nor as many numbers as channels.
    """
    if len(values) not in (1, channels):
        raise ModelError(
            f"A mean or std has 1 or {channels} numbers for {channels} channels. Received: {values}"
        )
    return np.asarray(values, np.float32)


def _open(path: str | PathLike[str]) -> Any:
    with readable(path), pillow("Image").open(path) as image:
        image.load()
        return pillow("ImageOps").exif_transpose(image)


def _pixels(image: Any) -> Array:
    if not isinstance(image, pillow("Image").Image):
        raise ValueError(
            f"A picture is a path, a Pillow image or an array. Received: {type(image).__name__}"
        )
    if image.mode.startswith("I;16"):
        return (np.asarray(image) >> 8).astype(np.uint8)
    return np.asarray(image.convert("L" if image.mode in ("1", "L", "LA", "I", "F") else "RGB"))
