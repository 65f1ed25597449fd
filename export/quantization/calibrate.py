"""Ranges of a quantization-aware model from data instead of training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from ..graphs.graph import rebuild
from .fake import FakeQuantize, FakeQuantizedKernel
from .observers import BINS, OBSERVERS, Histogram

Arrays = list[npt.NDArray[Any]]
_BATCH = 16


def without_rounding(model: keras.Model) -> keras.Model:
    """Copy a quantization-aware model as one that computes in float, over the same weights."""
    return rebuild(model, _float_step)


def calibrate(model: keras.Model, inputs: Arrays, observer: str) -> None:
    """Set each range that no training has set, from the values that the float model has there.

    Args:
        model: A model from `quantize_aware`; it is changed.
        inputs: One array an input, batch first.
        observer: A name in `OBSERVERS`.

    Raises:
        ValueError: If the model gives numbers that aren't finite on these inputs.
    """
    taps: list[tuple[FakeQuantize, Any]] = []

    def apply(place: int, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if isinstance(operation, FakeQuantize) and not _is_set(operation):
            taps.append((operation, args[0]))
        return _float_step(place, operation, args, kwargs)

    plain = rebuild(model, apply)
    if not taps:
        return
    seen = keras.Model(plain.inputs, [tensor for _, tensor in taps])
    extremes = [(np.inf, -np.inf)] * len(taps)
    for values in batches(seen, inputs):
        found = zip(extremes, values, strict=True)
        extremes = [(min(low, v.min()), max(high, v.max())) for (low, high), v in found]
    for (layer, _), ends in zip(taps, extremes, strict=True):
        if not np.isfinite(ends).all():
            raise ValueError(
                "The model must give finite numbers on the calibration data. "
                f"Received: {layer.name.removesuffix('.range')} from {ends[0]} to {ends[1]}"
            )
    counts = [np.zeros(BINS, "int64") for _ in taps]
    edges = [np.linspace(low, max(high, low + 1e-9), BINS + 1) for low, high in extremes]
    for values in batches(seen, inputs):
        for at, value in enumerate(values):
            counts[at] += np.histogram(value, edges[at])[0]
    for at, (layer, _) in enumerate(taps):
        low, high = OBSERVERS[observer](Histogram(counts[at], edges[at]))
        layer.low.assign(low)
        layer.high.assign(high)
        layer.seen.assign(1.0)


def unset(model: keras.Model) -> list[str]:
    """Name the layers whose range has seen no values."""
    found = [o for o in model.operations if isinstance(o, FakeQuantize) and not _is_set(o)]
    return [layer.name.removesuffix(".range") for layer in found]


def batches(model: keras.Model, inputs: Arrays) -> Iterator[Arrays]:
    """Run a functional model over all samples, some at a time; give its outputs as a list."""
    size = model.inputs[0].shape[0] or _BATCH
    for start in range(0, len(inputs[0]) - (model.inputs[0].shape[0] or 1) + 1, size):
        outputs = model([array[start : start + size] for array in inputs], training=False)
        yield [keras.ops.convert_to_numpy(value) for value in keras.tree.flatten(outputs)]


def _is_set(layer: FakeQuantize) -> bool:
    return bool(keras.ops.convert_to_numpy(layer.seen) > 0)


def _float_step(place: int, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if isinstance(operation, FakeQuantize):
        return args[0]
    if isinstance(operation, FakeQuantizedKernel):
        return operation.layer(*args, **kwargs)
    return operation(*args, **kwargs)
