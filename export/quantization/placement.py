"""Where the int8 scheme of TFLite gives a tensor a range of its own."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from .fake import KERNELS
from .graph import Graph, Step

# What gives out the numbers it takes: the result has the range of the input.
_SAME = (
    layers.AveragePooling1D,
    layers.AveragePooling2D,
    layers.Cropping1D,
    layers.Cropping2D,
    layers.Dropout,
    layers.Flatten,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.GlobalMaxPooling1D,
    layers.GlobalMaxPooling2D,
    layers.Identity,
    layers.MaxPooling1D,
    layers.MaxPooling2D,
    layers.Permute,
    layers.RepeatVector,
    layers.Reshape,
    layers.Resizing,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
    layers.UpSampling1D,
    layers.UpSampling2D,
    layers.ZeroPadding1D,
    layers.ZeroPadding2D,
)
_SAME_OPERATIONS = {
    "BroadcastTo",
    "ConvertToTensor",
    "ExpandDims",
    "Flip",
    "GetItem",
    "Max",
    "MaxPool",
    "Min",
    "Pad",
    "Repeat",
    "Reshape",
    "Resize",
    "Slice",
    "Split",
    "Squeeze",
    "Stack",
    "Swapaxes",
    "Take",
    "Tile",
    "Transpose",
    "Unstack",
}
# What has a fixed range in TFLite, whatever goes in.
_FIXED = {keras.activations.sigmoid, keras.activations.softmax, keras.activations.tanh}
_FIXED_OPERATIONS = {"Sigmoid", "Softmax", "Tanh", "Normalize"}
# What takes a ReLU behind it into itself.
_FUSING = (*KERNELS, layers.Add, layers.Multiply, layers.Subtract)
_FUSING_OPERATIONS = {"Add", "Multiply", "Subtract"}
# What has a range of its own.
_OWN = (
    *_FUSING,
    layers.Average,
    layers.Concatenate,
    layers.Dot,
    layers.Embedding,
    layers.GlobalAveragePooling1D,
    layers.GlobalAveragePooling2D,
    layers.LeakyReLU,
    layers.Maximum,
    layers.Minimum,
    layers.PReLU,
    layers.ReLU,
)
_OWN_OPERATIONS = _FUSING_OPERATIONS | {
    "Abs",
    "Concatenate",
    "Einsum",
    "Exp",
    "Log",
    "Matmul",
    "Maximum",
    "Mean",
    "Minimum",
    "Relu",
    "Relu6",
    "Rsqrt",
    "Sum",
}
_ACTIVATIONS = {
    keras.activations.gelu,
    keras.activations.hard_silu,
    keras.activations.leaky_relu,
    keras.activations.linear,
    keras.activations.relu,
    keras.activations.relu6,
}


def is_known(operation: keras.Operation) -> bool:
    """Whether it is known which ranges the results of an operation have in int8."""
    if isinstance(operation, layers.Activation):
        return operation.activation in _FIXED | _ACTIVATIONS
    if isinstance(operation, layers.Layer):
        return isinstance(operation, (*_SAME, *_OWN, layers.Softmax))
    known = _SAME_OPERATIONS | _FIXED_OPERATIONS | _OWN_OPERATIONS
    return type(operation).__name__ in known


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


def is_relu(operation: Any) -> bool:
    """Whether an operation is a ReLU that TFLite puts into the operator before it."""
    if isinstance(operation, layers.ReLU):
        return not (operation.negative_slope or operation.threshold) and operation.max_value in (
            None,
            6.0,
        )
    if isinstance(operation, layers.Activation):
        return operation.activation in (keras.activations.relu, keras.activations.relu6)
    return type(operation).__name__ in ("Relu", "Relu6")


def _has_range(graph: Graph, step: Step) -> bool:
    operation = step.operation
    if _is(operation, _SAME, _SAME_OPERATIONS) or _is_fixed(operation):
        return False
    after = graph.only_consumer(step)
    if after is None:
        return True
    if _is(after.operation, (layers.Concatenate,), {"Concatenate"}):
        return False
    return not (_is(operation, _FUSING, _FUSING_OPERATIONS) and is_relu(after.operation))


def _is(operation: Any, kinds: tuple[type, ...], names: set[str]) -> bool:
    if isinstance(operation, layers.Layer):
        return isinstance(operation, kinds)
    return type(operation).__name__ in names


def _is_fixed(operation: Any) -> bool:
    if isinstance(operation, layers.Activation):
        return operation.activation in _FIXED
    return _is(operation, (layers.Softmax,), _FIXED_OPERATIONS)
