"""Normalisations by the statistics of their input, in operators that int8 has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from keras import layers, ops

# The weights that a normalisation may have, in the order in which it applies them.
GAINS = ("gamma", "scale", "beta")
# Given a tensor and the gains by name: what the layer gives.
Normalizing = Callable[[Any, Mapping[str, Any]], Any]


def normalizing(layer: Any) -> Normalizing | None:
    """Give what a layer or group normalisation computes, without the operators int8 lacks.

    Args:
        layer: A built layer.

    Returns:
        A function of a tensor and of the gains; None for another layer, or axes that are not the
        last ones.
    """
    make = _MAKERS.get(type(layer))
    return make(layer) if make else None


def gains(layer: Any) -> dict[str, Any]:
    """Find the weights that a normalisation multiplies by and adds, by name."""
    found = {name: getattr(layer, name, None) for name in GAINS}
    return {name: weight for name, weight in found.items() if hasattr(weight, "shape")}


def _layer_normalization(layer: Any) -> Normalizing | None:
    axes = _last_axes(layer)
    if axes is None or getattr(layer, "rms_scaling", False):
        return None

    def average(x: Any) -> Any:
        return ops.mean(x, axis=axes, keepdims=True)

    return lambda x, given: _scaled(_standardized(x, average, average, layer.epsilon), given)


def _rms_normalization(layer: Any) -> Normalizing | None:
    axes = _last_axes(layer)
    if axes is None:
        return None

    def normalize(x: Any, given: Mapping[str, Any]) -> Any:
        squares = ops.mean(ops.multiply(x, x), axis=axes, keepdims=True)
        return _scaled(ops.multiply(x, ops.rsqrt(ops.add(squares, layer.epsilon))), given)

    return normalize


def _group_normalization(layer: Any) -> Normalizing | None:
    shape = layer.get_build_config()["input_shape"]
    rank, channels = len(shape), shape[-1]
    if rank not in (3, 4) or layer.axis % rank != rank - 1:
        return None
    groups = channels if layer.groups == -1 else layer.groups
    each = channels // groups
    # A convolution with one tap averages the channels of each group: no tensor needs 5 axes.
    mixing = np.kron(np.eye(groups), np.full((each, each), 1.0 / each))
    kernel = mixing.astype("float32").reshape(*[1] * (rank - 2), channels, channels)
    places = tuple(range(1, rank - 1))

    def average(x: Any) -> Any:
        x = ops.mean(x, axis=places, keepdims=True)
        return x if each == 1 else ops.conv(x, kernel)

    return lambda x, given: _scaled(_standardized(x, average, average, layer.epsilon), given)


def _last_axes(layer: Any) -> list[int] | None:
    """The axes that a layer normalises, if they are the last ones."""
    axes = [layer.axis] if isinstance(layer.axis, int) else list(layer.axis)
    rank = len(layer.get_build_config()["input_shape"])
    axes = sorted(axis % rank for axis in axes)
    return axes if axes == list(range(rank - len(axes), rank)) else None


def _standardized(x: Any, mean: Any, variance: Any, epsilon: float) -> Any:
    """Subtract a mean and divide by a deviation; `variance` gets the squares."""
    centred = ops.subtract(x, mean(x))
    spread = variance(ops.multiply(centred, centred))
    return ops.multiply(centred, ops.rsqrt(ops.add(spread, epsilon)))


def _scaled(x: Any, given: Mapping[str, Any]) -> Any:
    for name in GAINS:
        if name in given:
            x = ops.add(x, given[name]) if name == "beta" else ops.multiply(x, given[name])
    return x


_MAKERS: dict[type, Callable[[Any], Normalizing | None]] = {
    layers.GroupNormalization: _group_normalization,
    layers.LayerNormalization: _layer_normalization,
    layers.RMSNormalization: _rms_normalization,
}
