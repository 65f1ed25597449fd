"""The weights of a model that pruning and clustering work on."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from ..tree import walk

# The name of the weight, the axis of its input channels, and that of its output channels.
# Depthwise kernels have few weights, and none to spare.
AXES: dict[type, tuple[str, int | None, int | None]] = {
    layers.Conv1D: ("kernel", -2, -1),
    layers.Conv2D: ("kernel", -2, -1),
    layers.Conv3D: ("kernel", -2, -1),
    layers.Conv1DTranspose: ("kernel", -1, -2),
    layers.Conv2DTranspose: ("kernel", -1, -2),
    layers.Conv3DTranspose: ("kernel", -1, -2),
    layers.SeparableConv1D: ("pointwise_kernel", -2, -1),
    layers.SeparableConv2D: ("pointwise_kernel", -2, -1),
    layers.Dense: ("kernel", -2, -1),
    layers.EinsumDense: ("kernel", None, None),
}


@dataclass(frozen=True)
class Kernel:
    """The kernel of a layer.

    Args:
        path: Where the layer is, such as `encoder/block/conv`.
        layer: The layer.
        variable: Its kernel.
        inputs: The axis of the input channels; None where it is not known.
        outputs: The axis of the output channels; None where it is not known.
    """

    path: str
    layer: Any
    variable: Any
    inputs: int | None
    outputs: int | None


def kernels(model: keras.Model, skip: Collection[str], only: Collection[str]) -> list[Kernel]:
    """List the kernels of convolutions and dense layers at any depth, each once.

    Args:
        model: A built model.
        skip: Paths, names or patterns (`*`, `?`) of layers to leave out.
        only: Paths, names or patterns of the layers to take.

    Raises:
        ValueError: If the model has no kernels yet, a pattern fits no layer, or none is left.
    """
    found = list(_kernels(model))
    if not found:
        raise ValueError(
            "The model must be built and have convolutions or dense layers. Build it first: call "
            f"it on a batch. Received: model={model.name}"
        )
    for argument, patterns in (("skip", skip), ("only", only)):
        for pattern in patterns:
            if not any(_fits(kernel, [pattern]) for kernel in found):
                raise ValueError(
                    f"{argument} must name convolutions or dense layers, such as "
                    f"{[kernel.path for kernel in found[:3]]}. Received: {argument}={pattern!r}"
                )
    chosen = [kernel for kernel in found if _fits(kernel, only) and not _fits(kernel, skip)]
    if not chosen:
        raise ValueError(f"No layer is left. Received: skip={skip!r}, only={only!r}")
    return chosen


def _kernels(model: keras.Model) -> Iterator[Kernel]:
    seen = set()
    for path, layer in walk(model):
        name, inputs, outputs = AXES.get(type(layer), ("", None, None))
        variable = getattr(layer, name, None) if layer.built else None
        if variable is not None and id(variable) not in seen:
            seen.add(id(variable))
            yield Kernel(path, layer, variable, inputs, outputs)


def _fits(kernel: Kernel, patterns: Collection[str]) -> bool:
    names = (kernel.path, kernel.layer.name)
    return any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in patterns)
