"""Turns a model that trained with fake quantization into one that the converter reads right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from ..graphs.graph import Graph, Step, read, rebuild
from .fake import FakeQuantize, FakeQuantizedKernel
from .placement import is_relu


def is_quantize_aware(model: keras.Model) -> bool:
    """Whether a model comes from `quantize_aware`."""
    return any(isinstance(layer, FakeQuantize) for layer in getattr(model, "layers", ()))


def bake(model: keras.Model) -> keras.Model:
    """Copy a quantization-aware model with plain layers that hold the rounded kernels.

    The ranges stay as they are, as constants. A ReLU behind a transposed convolution goes: the
    range, which starts at 0, cuts the same numbers off, and older runtimes have no such operator.

    Args:
        model: A model from `quantize_aware`, trained.
    """
    graph = read(model)
    needless = {place for place, step in enumerate(graph.steps) if _is_needless(graph, step)}
    plain: dict[int, Any] = {}

    def apply(place: int, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if place in needless:
            return args[0]
        if isinstance(operation, FakeQuantizedKernel):
            return _plain(operation, plain)(*args)
        if isinstance(operation, FakeQuantize):
            if operation.fixed:
                return args[0]  # the converter gives the operator before the same
            return Range(*operation.ends(), name=operation.name)(*args)
        return operation(*args, **kwargs)

    return rebuild(model, apply)


class Range(layers.Layer):
    """Rounds to the 256 values of a range that stays: one operation, off which it can be read.

    Args:
        low: The least value, at most 0.
        high: The largest value, at least 0.
        **kwargs: `name`, `dtype` and the like.
    """

    def __init__(self, low: float, high: float, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.low = low
        self.high = high

    def call(self, inputs: Any) -> Any:
        """Round."""
        return keras.quantizers.fake_quant_with_min_max_vars(inputs, self.low, self.high)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Give the shape of the input."""
        return input_shape


def _plain(wrapper: FakeQuantizedKernel, plain: dict[int, Any]) -> Callable[..., Any]:
    if id(wrapper) not in plain:
        layer = wrapper.layer
        again: FakeQuantize = type(layer).from_config(layer.get_config())
        again.build(layer.get_build_config()["input_shape"])
        again.set_weights(layer.get_weights())
        again.kernel.assign(wrapper.rounded())
        plain[id(wrapper)] = again
    built: Callable[..., Any] = plain[id(wrapper)]
    return built


def _is_needless(graph: Graph, step: Step) -> bool:
    if not is_relu(step.operation):
        return False
    before, after = graph.producer(step.sources[0]), graph.only_consumer(step)
    return (
        before is not None
        and isinstance(before.operation, FakeQuantizedKernel)
        and isinstance(before.operation.layer, layers.Conv1DTranspose | layers.Conv2DTranspose)
        and graph.only_consumer(before) is step
        and after is not None
        and isinstance(after.operation, FakeQuantize)
        and float(keras.ops.convert_to_numpy(after.operation.low)) == 0.0
    )
