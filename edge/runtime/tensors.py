"""Numbers in and out of a model's tensors, quantized with the parameters in the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ModelError

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class TensorSpec:
    """An input or output of a model.

    Args:
        name: Name in the file's signature; the tensor's own where there is none.
        shape: Shape, the batch included.
        dtype: Type of the elements in the file.
        scale: Real value of one step of a quantized tensor; 0 when not quantized.
        zero_point: Quantized value that stands for 0.0.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scale: float = 0.0
    zero_point: int = 0


def spec_of(name: str, details: dict[str, Any]) -> TensorSpec:
    """Make the description of a tensor out of what the interpreter says.

    Raises:
        ModelError: If its quantization can't be applied.
    """
    scales = details["quantization_parameters"]["scales"]
    zero_points = details["quantization_parameters"]["zero_points"]
    if len(scales) > 1 or any(not scale > 0 for scale in scales):
        raise ModelError(f"An input or output has one scale above 0. Received: {name}, {scales}")
    return TensorSpec(
        name,
        tuple(int(size) for size in details["shape"]),
        np.dtype(details["dtype"]),
        float(scales[0]) if len(scales) else 0.0,
        int(zero_points[0]) if len(zero_points) else 0,
    )


def to_tensor(values: ArrayLike, spec: TensorSpec) -> Array:
    """Convert a caller's batch to what the tensor holds.

    Args:
        values: Real values of shape (n, ...), n at least 1; or integers of the tensor's own type,
            which are taken as they are.
        spec: The tensor.

    Returns:
        The same in the tensor's type; values outside its range saturate.

    Raises:
        ValueError: If the shape or type doesn't fit, or a value isn't finite.
    """
    array = np.asarray(values)
    sizes = ["n", *map(str, spec.shape[1:])] if spec.shape else []
    wanted = f"{spec.name!r} of shape ({', '.join(sizes)})"
    if spec.shape and (array.ndim != len(spec.shape) or array.shape[1:] != spec.shape[1:]):
        raise ValueError(f"The model takes {wanted}. Received: shape={array.shape}")
    if array.shape[:1] == (0,) or (not spec.shape and array.shape):
        raise ValueError(f"The model takes {wanted}, n at least 1. Received: shape={array.shape}")
    if array.dtype == spec.dtype and array.dtype.kind in "iub":
        return array
    if spec.dtype.kind in "iu" and not spec.scale:
        return _integers(array, spec, wanted)
    if array.dtype.kind != "f":
        raise ValueError(
            f"The model takes {wanted} in real units, as floating point numbers; pictures go "
            "through `classify` and its like, which scale the pixels. "
            f"Received: dtype={array.dtype}"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"The model takes {wanted}, all finite. Received: nan or infinite values")
    return quantize(array, spec) if spec.scale else _floats(array, spec, wanted)


def from_tensor(array: Array, spec: TensorSpec) -> Array:
    """Convert what a tensor holds to real values; unquantized tensors are returned as they are."""
    if not spec.scale or array.dtype.kind not in "iu":
        return array
    return (array.astype(np.float32) - np.float32(spec.zero_point)) * np.float32(spec.scale)


def quantize(array: Array, spec: TensorSpec) -> Array:
    """Quantize finite real values as the runtime's own kernels do.

    They multiply by the inverse scale in float32 and round halves to even; so do we, so that a
    file with quantized inputs and one with float inputs see the same integers.
    """
    limits = np.iinfo(spec.dtype)
    # float64 values beyond float32 become infinite here, and saturate like all the others.
    with np.errstate(over="ignore"):
        steps = np.rint(array.astype(np.float32) * (np.float32(1) / np.float32(spec.scale)))
    clipped: Array = np.clip(steps + spec.zero_point, limits.min, limits.max)
    return clipped.astype(spec.dtype)


def _integers(array: Array, spec: TensorSpec, wanted: str) -> Array:
    limits = np.iinfo(spec.dtype)
    if array.dtype.kind not in "iu":
        raise ValueError(f"The model takes {wanted}, integers. Received: dtype={array.dtype}")
    low, high = int(array.min()), int(array.max())
    if low < limits.min or high > limits.max:
        raise ValueError(
            f"The model takes {wanted}, {spec.dtype}. Received: values from {low} to {high}"
        )
    return array.astype(spec.dtype)


def _floats(array: Array, spec: TensorSpec, wanted: str) -> Array:
    if spec.dtype.kind != "f":
        raise ValueError(f"The model takes {wanted}, {spec.dtype}. Received: dtype={array.dtype}")
    with np.errstate(over="ignore"):
        converted = array.astype(spec.dtype)
    if not np.isfinite(converted).all():
        largest = float(np.abs(array).max())
        raise ValueError(f"The model takes {wanted}, {spec.dtype}. Received: {largest:g}")
    return converted
