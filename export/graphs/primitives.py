"""Writes layers as the operators that TFLite has for them, so that each result has one range."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from ..forms.composites import apart, is_composite
from ..forms.operations import int8_form
from .graph import name_after, rebuild
from .history import History
from .kernels import has_kernel

Call = Callable[..., Any]


def split(model: keras.Model) -> keras.Model:
    """Write every layer that TFLite computes in several operators as several layers.

    An activation inside a convolution or dense layer becomes a layer of its own. Names begin with
    that of the layer that was split. The layers of the model are changed, so it must be a private
    copy.
    """
    writer = _Writer()
    while writer.changed:
        model = rebuild(model, writer.begin())
    return model


class _Writer:
    """Writes the layers of a graph once more in other layers; says whether it found any."""

    def __init__(self) -> None:
        self.changed = True
        self.forms: dict[int, tuple[Any, Call | None]] = {}
        self.names: set[str] = set()

    def begin(self) -> _Writer:
        """Start over with the graph that came out."""
        self.changed = False
        self.activations: dict[int, layers.Layer] = {}
        self.history = History()
        return self

    def __call__(
        self, _: int, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        outputs = self._write(operation, args, kwargs)
        if outputs is None:
            outputs = operation(*args, **kwargs)
        else:
            self.changed = True
            name_after(operation.name, (args, kwargs), outputs, self.names)
        self.history.add(operation, args, outputs)
        return outputs

    def _write(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if _is_fused(operation):
            name = f"{operation.name}.activation"
            self.activations[id(operation)] = layers.Activation(operation.activation, name=name)
            operation.activation = keras.activations.linear
        if id(operation) in self.activations:
            return self.activations[id(operation)](operation(*args, **kwargs))
        if is_composite(operation):
            if id(operation) not in self.forms:  # one set of parts, however often it is called
                self.forms[id(operation)] = operation, apart(operation)
            form = self.forms[id(operation)][1]
            return form and form(*args, **kwargs)
        function = int8_form(operation, args, self.history)
        return function and function(*args)


def _is_fused(operation: Any) -> bool:
    if not (has_kernel(operation) or isinstance(operation, layers.EinsumDense)):
        return False
    return operation.activation not in (None, keras.activations.linear)
