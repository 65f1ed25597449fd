"""Equal forms of operations that int8 would compute in floating point, or by many operators.

Each entry gives, for an operation and its arguments, the function of its tensors that takes its
place; nothing when it must stay. Training with fake quantization and exporting share the table.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from ..graphs.history import History
from .activations import activation
from .division import quotient
from .normalizations import GAINS, gains, normalizing

_NEUTRAL = {name: float(name != "beta") for name in GAINS}
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
    return form(operation, args, history) if form else _activation(operation, args)


def _normalization(layer: Any, args: tuple[Any, ...], history: History) -> Function | None:
    compute = normalizing(layer)
    if compute is None:
        return None
    given = {name: np.array(weight) for name, weight in gains(layer).items()}
    needed = {name: value for name, value in given.items() if not np.all(value == _NEUTRAL[name])}
    return lambda x: compute(x, needed)


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


def _merge(combine: Function) -> Form:
    """Merge by one operation after the other: inside a layer those would stay in float."""

    def form(layer: Any, args: tuple[Any, ...], history: History) -> Function | None:
        return functools.partial(functools.reduce, combine) if len(args[0]) > 2 else None

    return form


def _average(layer: Any, args: tuple[Any, ...], history: History) -> Function:
    return lambda x: ops.multiply(functools.reduce(ops.add, x), 1.0 / len(x))


def _activation(operation: Any, args: tuple[Any, ...]) -> Function | None:
    form = activation(operation)
    return None if form is None else lambda x, *others: form(x)  # others: the numbers of a formula


def _variance(operation: Any, args: tuple[Any, ...], history: History) -> Function:
    def variance(x: Any, *others: Any) -> Any:
        centred = ops.subtract(x, ops.mean(x, axis=operation.axis, keepdims=True))
        squares = ops.multiply(centred, centred)
        return ops.mean(squares, axis=operation.axis, keepdims=operation.keepdims)

    return variance


def _square(operation: Any, args: tuple[Any, ...], history: History) -> Function:
    return lambda x: ops.multiply(x, x)


def _negative(operation: Any, args: tuple[Any, ...], history: History) -> Function:
    return lambda x: ops.subtract(0.0, x)


def _clip(operation: Any, args: tuple[Any, ...], history: History) -> Function:
    return lambda x: ops.minimum(ops.maximum(x, operation.x_min), operation.x_max)


def _clipped_relu(operation: Any, args: tuple[Any, ...], history: History) -> Function | None:
    most = operation.max_value
    if most in (None, 6.0) or operation.negative_slope or operation.threshold:
        return None
    return lambda x: ops.minimum(ops.maximum(x, 0.0), most)


def _power(operation: Any, args: tuple[Any, ...], history: History) -> Function | None:
    squares = isinstance(args[1], int | float) and args[1] == 2
    return (lambda x, exponent: ops.multiply(x, x)) if squares else None


_LAYERS: dict[type, Form] = {
    layers.Add: _merge(ops.add),
    layers.Average: _average,
    layers.GroupNormalization: _normalization,
    layers.LayerNormalization: _normalization,
    layers.Multiply: _merge(ops.multiply),
    layers.RMSNormalization: _normalization,
    layers.ReLU: _clipped_relu,
    layers.UnitNormalization: _unit_normalization,
    layers.UpSampling2D: _nearest,
}
_OPERATIONS: dict[str, Form] = {
    "Clip": _clip,
    "Divide": quotient,
    "Negative": _negative,
    "Normalize": _normalize,
    "Power": _power,
    "Square": _square,
    "TrueDivide": quotient,
    "Var": _variance,
}
