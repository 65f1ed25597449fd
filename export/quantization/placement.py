"""Where the int8 scheme of TFLite gives a tensor a range of its own."""

from __future__ import annotations

import inspect
from typing import Any

import keras
from keras import layers

from ..graphs.graph import Graph, Step
from .kinds import (
    ACTIVATIONS,
    FIXED,
    FIXED_OPERATIONS,
    FUSING,
    FUSING_OPERATIONS,
    OWN,
    OWN_OPERATIONS,
    SAME,
    SAME_OPERATIONS,
)


def is_known(operation: keras.Operation) -> bool:
    """Whether it is known which ranges the results of an operation have in int8."""
    if keeps_range(operation) or fixed_range(operation):
        return True
    if isinstance(operation, layers.Activation):
        return operation.activation in ACTIVATIONS
    return _is(operation, OWN, OWN_OPERATIONS)


def keeps_range(operation: keras.Operation) -> bool:
    """Whether the results of an operation have the range of what goes in."""
    return _is(operation, SAME, SAME_OPERATIONS) or _gives_its_input(operation)


def fixed_range(operation: keras.Operation) -> tuple[float, float] | None:
    """Give the range that the results of an operation have in int8, whatever goes in."""
    if isinstance(operation, layers.Softmax):
        return FIXED[keras.activations.softmax]
    if isinstance(operation, layers.Activation):
        return FIXED.get(operation.activation)
    return FIXED_OPERATIONS.get(type(operation).__name__)


def ranges(graph: Graph) -> set[int]:
    """Find the steps whose results have a range of their own.

    Not what a ReLU or a concatenation behind has the range of, not what keeps the range of its
    input, and not what has a fixed one.

    Args:
        graph: A flat graph of single operators.

    Returns:
        Places of the steps.
    """
    return {place for place, step in enumerate(graph.steps) if _has_range(graph, step)}


def must_be_positive(graph: Graph, step: Step) -> bool:
    """Whether a result goes into an operation that is infinite at 0."""
    takers = [taker for result in step.results for taker in graph.consumers(result)]
    return any(type(taker.operation).__name__ in ("Log", "Rsqrt") for taker in takers)


def is_relu(operation: Any) -> bool:
    """Whether an operation is a ReLU that TFLite puts into the operator before it."""
    if isinstance(operation, layers.ReLU):
        return not (operation.negative_slope or operation.threshold) and operation.max_value in (
            None,
            6.0,
        )
    if isinstance(operation, layers.Activation):
        return operation.activation in (keras.activations.relu, keras.activations.relu6)
    return type(operation).__name__ in ("Relu", "Relu6", "ReLU", "ReLU6")


def _has_range(graph: Graph, step: Step) -> bool:
    operation = step.operation
    if keeps_range(operation) or fixed_range(operation):
        return False
    after = graph.only_consumer(step)
    if after is None:
        return True
    if _is(after.operation, (layers.Concatenate,), {"Concatenate"}):
        return False
    return not (_is(operation, FUSING, FUSING_OPERATIONS) and is_relu(after.operation))


def _is(operation: Any, kinds: tuple[type, ...], names: set[str]) -> bool:
    if isinstance(operation, layers.Layer):
        return isinstance(operation, kinds)
    return type(operation).__name__ in names


def _gives_its_input(operation: keras.Operation) -> bool:
    """Whether a layer changes nothing at inference, like one that only adds noise in training."""
    if not isinstance(operation, layers.Layer):
        return False
    if "training" not in inspect.signature(operation.call).parameters:
        return False
    try:
        outputs = operation.call(operation.input, training=False)
    except Exception:  # whatever a layer raises that was not written for this
        return False
    return any(outputs is tensor for tensor in keras.tree.flatten(operation.input))
