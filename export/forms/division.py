"""Divisions as products with rsqrt, which int8 has in every runtime."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from keras import ops

from ..graphs.history import History

_POSITIVE = {"exp", "sigmoid", "softmax", "softplus"}
_NOT_NEGATIVE = {"relu", "relu6", "square", "sqrt", "abs", "absolute"}
_KEEP_SIGN = {"sum", "mean", "max", "reshape", "expanddims", "identity", "squeeze"}


def quotient(operation: Any, args: tuple[Any, ...], history: History) -> Callable[..., Any] | None:
    """Give an equal form of a division by a constant, a root, or what is positive for certain.

    Args:
        operation: The division.
        args: What is divided, and by what.
        history: What gave these tensors.

    Returns:
        A function of both, which may hold another tensor as a keyword; None when the divisor may
        be negative or 0.
    """
    divisor = args[1]
    if is_constant(divisor):
        inverse = 1.0 / np.asarray(divisor, "float32")
        return lambda dividend, _: ops.multiply(dividend, inverse)
    name, inner = history.of(divisor)
    if name == "sqrt":
        return partial(_over_root, squared=inner[0])
    if not is_positive(divisor, history):
        return None

    def divide(dividend: Any, positive: Any) -> Any:
        root = ops.rsqrt(positive)
        return ops.multiply(ops.multiply(dividend, root), root)

    return divide


def _over_root(dividend: Any, _: Any, *, squared: Any) -> Any:
    return ops.multiply(dividend, ops.rsqrt(squared))


def is_positive(value: Any, history: History) -> bool:
    """Whether it is certain that every number of a tensor is above 0."""
    return _sign(value, history) > 0


def is_constant(value: Any) -> bool:
    """Whether a value is known now: a number or an array."""
    return isinstance(value, int | float | np.ndarray | np.generic)


def _sign(value: Any, history: History) -> int:
    """1 for above 0, 0 for not below 0, -1 for anything."""
    if is_constant(value):
        least = np.min(np.asarray(value))
        return 1 if least > 0 else 0 if least == 0 else -1
    name, args = history.of(value)
    if name in _POSITIVE:
        return 1
    if name in _NOT_NEGATIVE:
        return 0
    if name in _KEEP_SIGN:
        return _sign(args[0], history)
    if name == "multiply" and args[0] is args[1]:
        return 0
    if name in ("add", "multiply", "maximum") and len(args) == 2:
        return _combined(name, *(_sign(part, history) for part in args))
    return -1


def _combined(name: str, first: int, second: int) -> int:
    if name == "maximum":
        return max(first, second)
    if min(first, second) < 0:
        return -1
    return max(first, second) if name == "add" else min(first, second)
