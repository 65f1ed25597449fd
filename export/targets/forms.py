"""Equal forms of operations that only some devices need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from ..graphs.history import History

Function = Callable[..., Any]
_SLOPE = 0.2  # of keras.activations.leaky_relu


def split_groups(operation: Any, args: tuple[Any, ...], history: History) -> Function | None:
    """Write a convolution with groups as one convolution a group, for old runtimes and Corals.

    Args:
        operation: A layer or an operation of `keras.ops`.
        args: What it is called on.
        history: What gave these tensors.

    Returns:
        A function of the same arguments; None for anything else.
    """
    if type(operation) is not layers.Conv2D or operation.groups == 1:
        return None
    kernels = np.split(np.array(operation.kernel), operation.groups, axis=-1)
    biases: list[Any] = [0.0] * operation.groups
    if operation.use_bias:
        biases = np.split(np.array(operation.bias), operation.groups)
    activation = operation.activation or keras.activations.linear
    # A ReLU is taken into the convolution right before it.
    inner = activation if activation is keras.activations.relu else keras.activations.linear

    def convolve(x: Any) -> Any:
        results = []
        for part, kernel, bias in zip(
            ops.split(x, operation.groups, axis=-1), kernels, biases, strict=True
        ):
            result = ops.conv(
                part,
                kernel,
                strides=operation.strides,
                padding=operation.padding,
                dilation_rate=operation.dilation_rate,
            )
            results.append(inner(ops.add(result, bias)))
        joined = ops.concatenate(results, axis=-1)
        return joined if inner is activation else activation(joined)

    return convolve


def coral(operation: Any, args: tuple[Any, ...], history: History) -> Function | None:
    """Write an operation that no Edge TPU has as one that it has.

    Args:
        operation: A layer or an operation of `keras.ops`.
        args: What it is called on.
        history: What gave these tensors.

    Returns:
        A function of the same arguments; None when the operation should stay.
    """
    if slope := _leak(operation):
        return _prelu(slope)
    if type(operation) is layers.Dense and len(args[0].shape) in (3, 4):
        return _pointwise(operation)
    if type(operation).__name__ == "Absolute":
        return lambda x: ops.add(ops.relu(x), ops.relu(ops.subtract(0.0, x)))
    return None


def _leak(operation: Any) -> float:
    """The slope of a leaky ReLU for what is below 0; 0 for anything else."""
    if isinstance(operation, layers.Activation):
        leaky = operation.activation is keras.activations.leaky_relu
        return _SLOPE if leaky else 0.0
    if isinstance(operation, layers.ReLU) and (operation.max_value or operation.threshold):
        return 0.0
    leaky = isinstance(operation, layers.ReLU | layers.LeakyReLU)
    leaky = leaky or type(operation).__name__ == "LeakyRelu"
    return float(operation.negative_slope) if leaky else 0.0


def _prelu(slope: float) -> Function:
    def prelu(x: Any) -> Any:
        # The converter knows a PReLU by this formula and its slopes by this shape.
        slopes = np.full((*[1] * (len(x.shape) - 2), x.shape[-1]), -slope, "float32")
        return ops.relu(x) + slopes * ops.relu(-x)

    return prelu


def _pointwise(layer: layers.Dense) -> Function:
    kernel = np.array(layer.kernel)
    bias = np.array(layer.bias) if layer.use_bias else 0.0
    activation = layer.activation or keras.activations.linear

    def convolve(x: Any) -> Any:
        window = (1,) * (len(x.shape) - 2)
        return activation(ops.add(ops.conv(x, kernel.reshape(*window, *kernel.shape)), bias))

    return convolve
