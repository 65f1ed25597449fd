"""Writes a flat graph without the operations that int8 has no operators for."""

from __future__ import annotations

from typing import Any

import keras

from .forms import int8_form
from .graph import rebuild
from .history import History

# Not what takes a reciprocal root: a variance that training rounds to 0 would give infinity.
_TRAINABLE = frozenset({"Negative", "Power", "Square", "UpSampling2D"})


def write_for_integers(model: keras.Model) -> keras.Model:
    """Write operations of a flat model in equal forms, so that each step can have a range.

    Args:
        model: A flat functional model.
    """
    history = History()

    def apply(_: int, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        trainable = type(operation).__name__ in _TRAINABLE
        function = int8_form(operation, args, history) if trainable else None
        outputs = function(*args) if function else operation(*args, **kwargs)
        history.add(operation, args, outputs)
        return outputs

    return rebuild(model, apply)
