"""Opens composite layers and nested models until only single layers and operations are left."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import keras

from ..tree import inside
from .graph import as_functional, rebuild


def flatten(model: keras.Model) -> keras.Model:
    """Copy a model as a flat graph in which every composite layer is opened.

    A composite is a nested model, or a layer of a class outside Keras that has layers inside and
    no weights of its own. The layers inside get the names of those around them: `block.conv`.
    The copy has its own weights, equal to those of the model.

    Args:
        model: A functional or sequential Keras model.

    Returns:
        The flat model, with the same inputs and outputs.

    Raises:
        ValueError: If the model is subclassed, so that its graph cannot be known.

    Example:
        >>> [layer.name for layer in kerascnn.export.flatten(model).layers]  # doctest: +SKIP
        ['image', 'residual.conv1', 'residual.bn1', ...]
    """
    flat = keras.models.clone_model(as_functional(model))
    flat.set_weights(model.get_weights())
    closed: set[int] = set()  # composites whose `call` takes no symbolic tensors
    while found := [o for o in flat.operations if is_composite(o) and id(o) not in closed]:
        for composite in found:
            for layer in inside(composite):
                layer.name = f"{composite.name}.{layer.name}"
        flat = rebuild(flat, lambda _, o, args, kwargs: _open(o, args, kwargs, closed))
    return flat


def is_composite(operation: keras.Operation) -> bool:
    """Whether a layer does nothing but call the layers inside and operations."""
    if isinstance(operation, keras.Model):
        return True
    if not isinstance(operation, keras.layers.Layer) or _is_keras(operation):
        return False
    layers = inside(operation)
    theirs = {id(variable) for layer in layers for variable in layer.variables}
    return bool(layers) and all(id(variable) in theirs for variable in operation.variables)


def _is_keras(layer: keras.layers.Layer) -> bool:
    return type(layer).__module__.split(".")[0] == "keras"


def _open(
    operation: keras.Operation, args: tuple[Any, ...], kwargs: dict[str, Any], closed: set[int]
) -> Any:
    if not is_composite(operation) or id(operation) in closed:
        return operation(*args, **kwargs)
    known = inspect.signature(operation.call).parameters
    given = {name: value for name, value in kwargs.items() if name in known}
    try:
        return operation.call(*args, **given)
    except Exception as error:  # whatever a layer raises that was not written for this
        closed.add(id(operation))
        warnings.warn(
            f"Layer {operation.name!r} stays closed: its call must use Keras layers and keras.ops "
            f"only. Received: {type(error).__name__}: {error}",
            stacklevel=2,
        )
        return operation(*args, **kwargs)
