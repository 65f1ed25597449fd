"""Equal forms of operations that int8 would compute in floating point, or by many operators.

Each entry gives, for an operation and its arguments, the function of its tensors that takes its
place; nothing when it must stay. Training with fake quantization and exporting share the table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from .division import quotient
from .history import History

_LEAST = 1e-12  # of a sum of squares; what is added to others is lost in their rounding
Function = Callable[..., Any]
Form = Callable[[Any, tuple[Any, ...], History], Function | None]


def int8_form(operation: Any, args: tuple[Any, ...], history: History) -> Function | None:
    """Give the equal form of an operation that int8 has operators for.

    Args:
        operation: A layer or an operation of `keras.ops`.
        args: What it is called on.
        history: What gave these tensors.

    Returns:
        A function of the same arguments; None when the operation should stay.
    """
    form = _LAYERS.get(type(operation)) or _OPERATIONS.get(type(operation).__name__)
    return form(operation, args, history) if form else None


def standardized(x: Any, mean: Any, variance: Any, epsilon: float) -> Any:
    """Subtract a mean and divide by a deviation, in operators that int8 has.

    Args:
        x: A tensor.
        mean: Function of a tensor that gives the mean over what is normalised together.
        variance: As `mean`; it gets the squares.
        epsilon: What is added to the variance.
    """
    centred = ops.subtract(x, mean(x))
    spread = variance(ops.multiply(centred, centred))
    return ops.multiply(centred, ops.rsqrt(ops.add(spread, epsilon)))


def _layer_normalization(layer: Any, args: tuple[Any, ...], history: History) -> Function | None:
    axes = [layer.axis] if isinstance(layer.axis, int) else list(layer.axis)
    rank = len(args[0].shape)
    if [axis % rank for axis in axes] != [rank - 1] or layer.rms_scaling:
        return None

    def average(x: Any) -> Any:
        return ops.mean(x, axis=-1, keepdims=True)

    gamma, beta = _gains(layer)
    return lambda x: _scaled(standardized(x, average, average, layer.epsilon), gamma, beta)


def _group_normalization(layer: Any, args: tuple[Any, ...], history: History) -> Function | None:
    shape = args[0].shape
    if len(shape) != 4 or layer.axis % 4 != 3:
        return None
    channels = shape[-1]
    groups = channels if layer.groups == -1 else layer.groups
    each = channels // groups
    # A 1x1 convolution averages the channels of each group: no tensor needs 5 axes.
    mixing = np.kron(np.eye(groups), np.full((each, each), 1.0 / each))
    kernel = mixing.astype("float32").reshape(1, 1, channels, channels)

    def average(x: Any) -> Any:
        x = ops.mean(x, axis=(1, 2), keepdims=True)
        return x if each == 1 else ops.conv(x, kernel)

    gamma, beta = _gains(layer)
    return lambda x: _scaled(standardized(x, average, average, layer.epsilon), gamma, beta)


def _gains(layer: Any) -> tuple[Any, Any]:
    """Constants of a normalisation; 1 and 0 where it has none."""
    gamma = np.array(layer.gamma) if layer.gamma is not None else 1.0
    beta = np.array(layer.beta) if layer.beta is not None else 0.0
    return gamma, beta


def _scaled(x: Any, gamma: Any, beta: Any) -> Any:
    x = x if np.all(gamma == 1) else ops.multiply(x, gamma)
    return x if np.all(beta == 0) else ops.add(x, beta)


def _unit_normalization(layer: Any, args: tuple[Any, ...], history: History) -> Function:
    return lambda x: _unit(x, layer.axis, 1e-24)


def _normalize(operation: Any, args: tuple[Any, ...], history: History) -> Function | None:
    if operation.order != 2:
        return None
    least = keras.config.epsilon() if operation.epsilon is None else operation.epsilon
    return lambda x: _unit(x, operation.axis, least**2)


def _unit(x: Any, axis: Any, least: float) -> Any:
    squares = ops.sum(ops.multiply(x, x), axis=axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.add(squares, max(least, _LEAST))))


def _nearest(layer: Any, args: tuple[Any, ...], history: History) -> Function | None:
    """Nearest upsampling as one resize, which no 5-dimensional tile does as well."""
    _, *sides, _ = args[0].shape
    channels_last = layer.data_format == "channels_last"
    if layer.interpolation != "nearest" or None in sides or not channels_last:
        return None
    size = [side * factor for side, factor in zip(sides, layer.size, strict=True)]
    return lambda x: ops.image.resize(x, size, interpolation="nearest", data_format="channels_last")


def _square(operation: Any, args: tuple[Any, ...], history: History) -> Function:
    return lambda x: ops.multiply(x, x)


def _negative(operation: Any, args: tuple[Any, ...], history: History) -> Function:
    return lambda x: ops.subtract(0.0, x)


def _power(operation: Any, args: tuple[Any, ...], history: History) -> Function | None:
    squares = isinstance(args[1], int | float) and args[1] == 2
    return (lambda x, exponent: ops.multiply(x, x)) if squares else None


_LAYERS: dict[type, Form] = {
    layers.GroupNormalization: _group_normalization,
    layers.LayerNormalization: _layer_normalization,
    layers.UnitNormalization: _unit_normalization,
    layers.UpSampling2D: _nearest,
}
_OPERATIONS: dict[str, Form] = {
    "Divide": quotient,
    "Negative": _negative,
    "Normalize": _normalize,
    "Power": _power,
    "Square": _square,
    "TrueDivide": quotient,
}
