"""The checks of what a description says."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def texts(name: str, values: Any) -> tuple[str, ...]:
    """Check a sequence of texts.

    Raises:
        ValueError: If it is none.
    """
    found = (
        (None,) if isinstance(values, str) or not isinstance(values, Iterable) else tuple(values)
    )
    if not all(isinstance(value, str) for value in found):
        raise ValueError(f"{name} must be texts. Received: {values!r}")
    return found


def numbers(name: str, values: Any) -> tuple[float, ...]:
    """Check a sequence of finite numbers, at least one.

    Raises:
        ValueError: If it is none.
    """
    try:
        found = tuple(float(value) for value in values)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must be numbers. Received: {values!r}") from None
    if not found or not all(map(math.isfinite, found)):
        raise ValueError(f"{name} must be finite numbers, at least one. Received: {values!r}")
    return found


def index(name: str, value: Any) -> int:
    """Check an index, 0 or more.

    Raises:
        ValueError: If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} must be an int of at least 0. Received: {value!r}")
    return value


def chosen(name: str, value: Any, choices: Iterable[str]) -> str:
    """Check that a value is one of several texts.

    Raises:
        ValueError: If it is none of them.
    """
    if value not in (choices := tuple(choices)):
        raise ValueError(f"{name} must be {' or '.join(choices)}. Received: {name}={value!r}")
    return str(value)


def part(name: str, value: Any, kind: type[T]) -> T | None:
    """Check a nested description, which may be given by its fields.

    Raises:
        ValueError: If it is neither None, nor of the kind, nor a mapping of its fields.
    """
    if isinstance(value, Mapping):
        value = kind(**value)
    if value is not None and not isinstance(value, kind):
        raise ValueError(f"{name} must be a {kind.__name__} or None. Received: {value!r}")
    return value


def known(kind: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the fields that a dataclass doesn't have."""
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in fields.items() if name in names}
