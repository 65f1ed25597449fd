"""Writes operations of a model in equal forms that a device takes, on a copy of the model."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import keras

from ..graphs.flatten import flatten
from ..graphs.graph import rebuild
from ..graphs.history import History

Function = Callable[..., Any]
# Gives for an operation and its arguments what takes its place; nothing when it stays.
Form = Callable[[Any, tuple[Any, ...], History], Function | None]


def rewrite(model: keras.Model, forms: Sequence[Form], *, flat: bool = False) -> keras.Model:
    """Copy a model with each operation written in the first form that is found for it.

    Args:
        model: A built Keras model.
        forms: Where to look for forms.
        flat: Whether the model is flat, and a copy already.

    Returns:
        The copy, with layers of the same names; the model itself when nothing changes.

    Raises:
        ValueError: If the graph of the model is not known, or the layers can't be copied.
    """
    opened = model if flat else _copy(model)
    written: dict[int, keras.layers.Layer] = {}
    history = History()

    def apply(_: int, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        outputs = _written(operation, args, kwargs, forms, history, written)
        history.add(operation, args, outputs)
        return outputs

    again = rebuild(opened, apply)
    return again if written else model


class Rewritten(keras.layers.Layer):
    """Computes a function of its inputs under the name of the layer whose place it takes.

    Args:
        function: Takes as many tensors as the layer is called on.
        **kwargs: `name`, `dtype` and the like.
    """

    def __init__(self, function: Function, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.function = function

    def call(self, *inputs: Any) -> Any:
        """Compute the function."""
        return self.function(*inputs)


def _written(
    operation: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    forms: Sequence[Form],
    history: History,
    written: dict[int, keras.layers.Layer],
) -> Any:
    function = _find(operation, args, forms, history)
    if function is None:
        return operation(*args, **kwargs)
    given = (args, getattr(function, "keywords", {}))  # of a functools.partial
    tensors = [value for value in keras.tree.flatten(given) if isinstance(value, keras.KerasTensor)]
    if id(operation) not in written:
        written[id(operation)] = Rewritten(_of_tensors(function, given), name=operation.name)
    return written[id(operation)](*tensors)


def _find(
    operation: Any, args: tuple[Any, ...], forms: Sequence[Form], history: History
) -> Function | None:
    found = (form(operation, args, history) for form in forms)
    return next((function for function in found if function is not None), None)


def _of_tensors(function: Function, given: Any) -> Function:
    """Bind the arguments that are no tensors, as layers take tensors only."""

    def call(*tensors: Any) -> Any:
        waiting = iter(tensors)
        args, keywords = keras.tree.map_structure(
            lambda value: next(waiting) if isinstance(value, keras.KerasTensor) else value, given
        )
        return function(*args, **keywords)

    return call


def _copy(model: keras.Model) -> keras.Model:
    try:
        with warnings.catch_warnings():
            # Of layers whose call takes no symbolic tensors: these stay as they are.
            warnings.simplefilter("ignore", UserWarning)
            return flatten(model)
    except (TypeError, NotImplementedError, RuntimeError) as error:
        raise ValueError(
            "Every layer must be copied by its get_config(): define it in the classes of your own. "
            f"Received: model={model.name} ({error})"
        ) from error
