"""Channels that hold one and the same number whatever goes into the model."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from ..graphs.graph import rebuild
from .channels import Channels

Vector = npt.NDArray[Any]


def constants(model: keras.Model, channels: Channels) -> dict[int, Vector]:
    """Find what each channel of each tensor always holds; NaN where that depends on the input.

    Args:
        model: The flat model that the channels were read from.
        channels: Its tensors and steps.
    """
    found = {
        tensor: np.full(channels.size(tensor), np.nan, "float32") for tensor in channels.shapes
    }

    def follow(place: int, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        step, role = channels.graph.steps[place], channels.roles[place]
        inputs = [found[source] for source in step.sources]
        if role in ("mixing", "depthwise"):
            found[step.results[0]] = _of_kernel(operation, inputs[0])
        elif role == "moving":
            found[step.results[0]] = inputs[0]
        elif role == "padding":
            found[step.results[0]] = np.where(inputs[0] == 0, inputs[0], np.nan)
        elif role == "concatenation":
            found[step.results[0]] = np.concatenate(inputs)
        elif role == "flattening":
            times = channels.size(step.results[0]) // len(inputs[0])
            found[step.results[0]] = np.tile(inputs[0], times)
        elif role == "pointwise":
            found[step.results[0]] = _pointwise(operation, inputs, args, kwargs)
        return operation(*args, **kwargs)

    rebuild(model, follow)
    return found


def is_foldable(layer: Any, constant: Vector) -> npt.NDArray[np.bool_]:
    """Say of which constant input channels a bias can take the place, at the borders too."""
    zero: npt.NDArray[np.bool_] = constant == 0
    whole = isinstance(layer, layers.Dense) or (
        isinstance(layer, layers.Conv1D | layers.Conv2D | layers.Conv3D)
        and (layer.padding == "valid" or set(layer.kernel_size) == {1})
    )
    return ~np.isnan(constant) if whole else zero


def kernel_rows(layer: Any) -> Vector:
    """Give the kernel of a mixing layer as (places, input channels, output channels)."""
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    transposed = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
    if isinstance(layer, transposed):
        kernel = np.swapaxes(kernel, -1, -2)
    rows: Vector = kernel.reshape(-1, *kernel.shape[-2:])
    return rows


def bias(layer: Any, size: int) -> Vector:
    """Give the bias of a layer, zeros where it has none."""
    if layer.bias is None:
        return np.zeros(size, "float32")
    values: Vector = keras.ops.convert_to_numpy(layer.bias)
    return values


def _of_kernel(layer: Any, inputs: Vector) -> Vector:
    """Nothing but the bias is left where the weights or the inputs are zero."""
    if isinstance(layer, layers.DepthwiseConv1D | layers.DepthwiseConv2D):
        kernel = keras.ops.convert_to_numpy(layer.kernel)
        rows = kernel.reshape(-1, *kernel.shape[-2:])
        dead = (np.abs(rows).max(0) == 0) | (inputs == 0)[:, np.newaxis]
        dead = dead.reshape(-1)
    else:
        rows = kernel_rows(layer)
        dead = ~np.any(rows[:, inputs != 0] != 0, axis=(0, 1))
    return np.where(dead, bias(layer, len(dead)), np.nan)


def _pointwise(
    operation: Any, inputs: list[Vector], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Vector:
    """Run the step itself on the constants, with zeros for what is not known."""
    given = iter(inputs)

    def values(value: Any) -> Any:
        if not isinstance(value, keras.KerasTensor):
            return value
        shape = (1,) * (len(value.shape) - 1) + (-1,)
        return keras.ops.convert_to_tensor(np.nan_to_num(next(given)).reshape(shape))

    known = ~np.any(np.isnan(inputs), axis=0)
    if isinstance(operation, layers.Multiply) or type(operation).__name__ == "Multiply":
        known |= np.any([array == 0 for array in inputs], axis=0)
    if _has_places(operation):
        known &= inputs[0] == 0  # another slope at each place: only zero stays what it is
        return np.where(known, inputs[0], np.nan)
    args, kwargs = keras.tree.map_structure(values, (args, kwargs))
    result = keras.ops.convert_to_numpy(operation(*args, **kwargs)).reshape(-1)
    return np.where(known, result, np.nan)


def _has_places(operation: Any) -> bool:
    return isinstance(operation, layers.PReLU) and set(operation.alpha.shape[:-1]) - {1} != set()
