"""Layers that take the place of parts of another one."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers


def part(
    kind: type[keras.layers.Layer],
    of: keras.layers.Layer,
    name: str,
    shape: tuple[Any, ...],
    weights: list[Any],
    **config: Any,
) -> Any:
    """Make a layer that is a part of another one: named after it, trained and typed like it.

    Args:
        kind: The class.
        of: The layer.
        name: Name of the part.
        shape: The shape of its input.
        weights: Its weights.
        **config: Its further arguments.
    """
    made = kind(name=f"{of.name}.{name}", dtype=of.dtype_policy, **config)
    made.build(shape)
    made.set_weights(weights)
    made.trainable = of.trainable
    return made


def dense(of: keras.layers.Layer, name: str, kernel: Any, bias: Any = None) -> Any:
    """Make a dense layer of a kernel `(inputs, units)` and a bias, or none."""
    weights = [kernel] if bias is None else [kernel, bias]
    options = {"units": kernel.shape[1], "use_bias": bias is not None}
    return part(layers.Dense, of, name, (None, kernel.shape[0]), weights, **options)
