"""Cuts channels out of a model that nothing depends on."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from ..graphs.flatten import flatten
from ..graphs.graph import Step, rebuild
from ..graphs.primitives import split
from .channels import DEPTHWISE, MIXING, Channels, read_channels
from .constants import Vector, bias, constants, is_foldable, kernel_rows
from .needs import Kept, needs


def shrink(model: keras.Model) -> keras.Model:
    """Copy a model without the channels that nothing depends on.

    These are filters whose weights are zero (from `prune(..., pattern="filters")`) or whose result
    is the same number for every input, and filters that no layer behind takes. A number other than
    zero moves into the bias behind it. The copy gives the same results; where an addition ties
    channels together, those stay that any operand needs.

    Args:
        model: A functional or sequential Keras 3 model.

    Returns:
        A flat functional model, smaller where channels were cut out; compile it before training.

    Raises:
        ValueError: If the model is subclassed, so that its graph cannot be known.

    Example:
        >>> model.fit(  # doctest: +SKIP
        ...     data, callbacks=[kerascnn.export.prune(model, 0.5, pattern="filters")]
        ... )
        >>> small = kerascnn.export.shrink(model)  # doctest: +SKIP
    """
    flat = split(flatten(model))
    channels = read_channels(flat)
    constant = constants(flat, channels)
    return rebuild(flat, _Cutting(channels, constant, needs(channels, constant)))


class _Cutting:
    """Runs each step on the channels that are kept."""

    def __init__(
        self, channels: Channels, constant: dict[int, Vector], kept: dict[int, Kept]
    ) -> None:
        self.channels, self.constant, self.kept = channels, constant, kept
        self.made: dict[int, Any] = {}

    def __call__(
        self, place: int, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        step = self.channels.graph.steps[place]
        if all(self.kept[tensor].all() for tensor in (*step.sources, *step.results)):
            return operation(*args, **kwargs)
        if isinstance(operation, layers.Reshape):
            shape = (*operation.target_shape[:-1], int(self.kept[step.results[0]].sum()))
            return layers.Reshape(shape, name=operation.name)(*args)
        if not getattr(operation, "weights", ()):
            return operation(*args, **kwargs)
        if id(operation) not in self.made:
            self.made[id(operation)] = self._smaller(operation, step, args[0])
        return self.made[id(operation)](*args, **kwargs)

    def _smaller(self, layer: Any, step: Step, example: Any) -> Any:
        inside, outside = self.kept[step.sources[0]], self.kept[step.results[0]]
        if isinstance(layer, MIXING):
            folded = is_foldable(layer, self.constant[step.sources[0]]) & ~inside
            number = np.where(folded, self.constant[step.sources[0]], 0.0)
            changes, weights = _mixing(layer, inside, outside, number)
        elif isinstance(layer, DEPTHWISE):
            changes, weights = _depthwise(layer, inside, outside)
        else:
            changes, weights = _sliced(layer, inside)
        again = type(layer).from_config(layer.get_config() | changes)
        again.build(example.shape)
        again.set_weights(weights)
        return again


def _mixing(
    layer: Any, inside: Kept, outside: Kept, number: Vector
) -> tuple[dict[str, Any], list[Vector]]:
    rows = kernel_rows(layer)
    moved = np.einsum("pio,i->o", rows, number)
    biased = layer.use_bias or bool(np.any(moved[outside] != 0))
    kernel = rows[:, inside][..., outside]
    if isinstance(layer, layers.Conv1DTranspose | layers.Conv2DTranspose | layers.Conv3DTranspose):
        kernel = np.swapaxes(kernel, -1, -2)
    kernel = kernel.reshape(*layer.kernel.shape[:-2], *kernel.shape[-2:])
    offset = (bias(layer, len(moved)) + moved)[outside]
    size = "units" if isinstance(layer, layers.Dense) else "filters"
    changes = {size: int(outside.sum()), "use_bias": biased}
    return changes, [kernel, offset] if biased else [kernel]


def _depthwise(layer: Any, inside: Kept, outside: Kept) -> tuple[dict[str, Any], list[Vector]]:
    kernel, *offset = layer.get_weights()
    return {}, [kernel[..., inside, :], *(vector[outside] for vector in offset)]


def _sliced(layer: Any, inside: Kept) -> tuple[dict[str, Any], list[Vector]]:
    """Slice what is by channel: of normalisations, and slopes."""
    return {}, [array[..., inside] for array in layer.get_weights()]
