"""The layers inside a Keras model, at any depth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras


def walk(layer: Any, path: str = "") -> Iterator[tuple[str, keras.layers.Layer]]:
    """List every layer inside a layer with its path, such as `encoder/block/conv`."""
    for child in inside(layer):
        below = f"{path}/{child.name}".lstrip("/")
        yield below, child
        yield from walk(child, below)


def inside(layer: Any) -> list[keras.layers.Layer]:
    """List the layers that a layer itself holds, each once."""
    held = layer.layers if isinstance(layer, keras.Model) else list(vars(layer).values())
    return list({id(child): child for child in _layers_in(held)}.values())


@contextmanager
def float32(model: keras.Model) -> Iterator[None]:
    """Let a model that trains in mixed precision compute in float32 meanwhile.

    Its variables are float32 already; the half-precision casts between them have no place in a
    file that a device runs.
    """
    layers = [model, *(layer for _, layer in walk(model))]
    mixed = [(layer, layer.dtype_policy) for layer in layers if _is_mixed(layer.dtype_policy)]
    try:
        for layer, policy in mixed:
            layer.dtype_policy = policy.variable_dtype
        yield
    finally:
        for layer, policy in mixed:
            layer.dtype_policy = policy


def _is_mixed(policy: Any) -> bool:
    return str(policy.compute_dtype) != str(policy.variable_dtype)


def _layers_in(value: Any) -> Iterator[keras.layers.Layer]:
    if isinstance(value, keras.layers.Layer):
        yield value
    elif isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _layers_in(item)
