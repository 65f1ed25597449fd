"""Activations as sums and products of those that int8 has."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
from keras import layers, ops

# From keras.activations.selu.
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def activation(operation: Any) -> Callable[[Any], Any] | None:
    """Give the equal form of an activation that int8 has no operator for.

    Args:
        operation: A layer or an operation of `keras.ops`.

    Returns:
        A function of a tensor; None for what should stay.
    """
    if isinstance(operation, layers.Activation):
        return _FUNCTIONS.get(operation.activation)
    form = _OPERATIONS.get(type(operation).__name__.lower())
    alpha = getattr(operation, "alpha", None)
    return form if form is None or alpha is None else partial(form, alpha=alpha)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """Give x where it is above 0, and alpha (exp(x) - 1) below."""
    below = ops.exp(ops.minimum(x, 0.0))
    return ops.add(ops.relu(x), ops.add(ops.multiply(below, alpha), -alpha))


def _celu(x: Any, alpha: float = 1.0) -> Any:
    below = ops.exp(ops.multiply(ops.minimum(x, 0.0), 1.0 / alpha))
    return ops.add(ops.relu(x), ops.add(ops.multiply(below, alpha), -alpha))


def _selu(x: Any) -> Any:
    return ops.multiply(elu(x, _SELU_ALPHA), _SELU_SCALE)


def _softplus(x: Any) -> Any:
    # log(1 + exp(x)) = max(x, 0) - log(sigmoid(|x|)), whose logarithm stays above -0.7.
    return ops.subtract(ops.relu(x), ops.log(ops.sigmoid(_magnitude(x))))


def _log_sigmoid(x: Any) -> Any:
    return ops.add(ops.minimum(x, 0.0), ops.log(ops.sigmoid(_magnitude(x))))


def _mish(x: Any) -> Any:
    return ops.multiply(x, ops.tanh(_softplus(x)))


def _softsign(x: Any) -> Any:
    root = ops.rsqrt(ops.add(_magnitude(x), 1.0))
    return ops.multiply(ops.multiply(x, root), root)


def _magnitude(x: Any) -> Any:
    return ops.add(ops.relu(x), ops.relu(ops.subtract(0.0, x)))


def _silu(x: Any) -> Any:
    return ops.multiply(x, ops.sigmoid(x))


def _hard_sigmoid(x: Any) -> Any:
    return ops.multiply(ops.relu6(ops.add(x, 3.0)), 1.0 / 6.0)


def _hard_tanh(x: Any) -> Any:
    return ops.minimum(ops.maximum(x, -1.0), 1.0)


def _tanh_shrink(x: Any) -> Any:
    return ops.subtract(x, ops.tanh(x))


_FORMS: dict[str, Callable[..., Any]] = {
    "celu": _celu,
    "elu": elu,
    "exponential": ops.exp,
    "hard_sigmoid": _hard_sigmoid,
    "hard_tanh": _hard_tanh,
    "log_sigmoid": _log_sigmoid,
    "mish": _mish,
    "selu": _selu,
    "silu": _silu,
    "softplus": _softplus,
    "softsign": _softsign,
    "tanh_shrink": _tanh_shrink,
}
_FUNCTIONS = {getattr(keras.activations, name): form for name, form in _FORMS.items()}
# Operations are classes: HardSigmoid for keras.ops.hard_sigmoid.
_OPERATIONS = {name.replace("_", ""): form for name, form in _FORMS.items()}
