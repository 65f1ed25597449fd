"""Which layers multiply by a kernel, and along which axis int8 gives its entries own scales."""

from __future__ import annotations

from typing import Any

from keras import layers

# The axis of a kernel along which every entry has a scale of its own; None for one scale in all.
KERNELS: dict[type, int | None] = {
    layers.Conv1D: 2,
    layers.Conv2D: 3,
    layers.DepthwiseConv2D: 2,
    layers.Conv1DTranspose: 1,
    layers.Conv2DTranspose: 2,
    layers.Dense: None,
}


def has_kernel(operation: Any) -> bool:
    """Whether an operation is a layer of a kind in `KERNELS`, or of one derived from it."""
    return isinstance(operation, tuple(KERNELS))


def kernel_axis(layer: layers.Layer) -> int | None:
    """Give the axis of a kernel whose entries have their own scales; None for one scale in all."""
    return next(axis for kind, axis in KERNELS.items() if isinstance(layer, kind))
