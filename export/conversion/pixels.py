"""Inputs of type uint8, which phones put pixels into as they are, whatever the scale is."""

from __future__ import annotations

from collections.abc import Iterable

import keras

from kerascnn.edge import Metadata

from ..file.graph import Tensor
from ..quantization.fake import FakeQuantize

_LAST = 255  # the brightest pixel
_NOTE = (
    "The uint8 input {name!r} doesn't hold the pixels themselves: edge brings them to its scale, "
    "MediaPipe doesn't and would get wrong answers. Put what is done to pixels into the model, as "
    "its first layer, and export it with mean=(0,) and std=(1,)."
)


def pixel_range(metadata: Metadata | None, input_output: str) -> tuple[float, float] | None:
    """Give what black and white become, if a uint8 input can hold all pixels as they are.

    Args:
        metadata: How pixels become inputs.
        input_output: The element type of the inputs.

    Returns:
        The ends of the range; None where channels differ, or 0 isn't in it.
    """
    if metadata is None or input_output != "uint8":
        return None
    (low, high), *others = _ends(metadata)
    return (low, high) if not others and low <= 0 <= high else None


def set_pictures(model: keras.Model, ends: tuple[float, float]) -> None:
    """Give the inputs of a quantization-aware model that are pictures the range of all pixels."""
    pictures = [tensor for tensor in model.inputs if is_picture(tensor.shape)]
    for layer in model.operations:
        if isinstance(layer, FakeQuantize) and any(layer.input is tensor for tensor in pictures):
            layer.low.assign(ends[0])
            layer.high.assign(ends[1])
            layer.seen.assign(1.0)


def pixel_notes(inputs: Iterable[Tensor], metadata: Metadata | None) -> tuple[str, ...]:
    """Say which pictures of a file only those can put in who look at its scale.

    Args:
        inputs: The inputs of the file.
        metadata: How pixels become inputs; nothing is known of them when None.
    """
    return tuple(
        _NOTE.format(name=tensor.name)
        for tensor in inputs
        if metadata and tensor.dtype == "uint8" and is_picture(tensor.shape) and tensor.scale
        if not _holds(tensor, metadata)
    )


def is_picture(shape: tuple[int | None, ...]) -> bool:
    """Tell pictures (batch, H, W, 1 or 3) from other inputs."""
    return len(shape) == 4 and shape[-1] in (1, 3)


def _holds(tensor: Tensor, metadata: Metadata) -> bool:
    """Compare black and white with what the file takes for them; a step is lost to rounding."""
    taken = [(pixel - tensor.zero_point) * tensor.scale for pixel in (0, _LAST)]
    return all(
        abs(value - wanted) <= tensor.scale
        for ends in _ends(metadata)
        for value, wanted in zip(taken, ends, strict=True)
    )


def _ends(metadata: Metadata) -> set[tuple[float, float]]:
    """Give what black and white become in each channel."""
    count = max(len(metadata.mean), len(metadata.std))
    mean, std = (
        values * count if len(values) == 1 else values for values in (metadata.mean, metadata.std)
    )
    return {(-m / s, (_LAST - m) / s) for m, s in zip(mean, std, strict=False)}
