"""Turns what a user has (arrays, tf.data, generators) into checked samples for each input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..model import Port, Ports

Samples = dict[str, npt.NDArray[Any]]


def gather(data: Any, taken: Ports, *, limit: int | None = None, what: str = "data") -> Samples:
    """Collect samples for every input of a model.

    Args:
        data: An array with the batch first; a dictionary of arrays by input name; a list of
            arrays, one an input; or anything that gives batches or single examples, such as a
            `tf.data.Dataset`. Examples may be `(inputs, targets)` pairs; the targets are left.
        taken: The inputs of the model.
        limit: Most samples to take: evenly spread over arrays, the first ones of a stream.
        what: Name of the argument, for errors.

    Returns:
        One array an input, of the input's element type, batch first.

    Raises:
        ValueError: If there are no samples, or they don't fit the inputs, or hold NaN or
            infinities.
    """
    inputs = taken.inputs
    if isinstance(data, Mapping) or hasattr(data, "__array__") or _is_row(data, inputs):
        samples = _row(data, inputs, what)
        size = min(map(len, samples.values()))
        if limit is not None and size > limit:
            spread = np.linspace(0, size - 1, limit).astype(int)
            samples = {name: array[spread] for name, array in samples.items()}
    elif isinstance(data, Iterable) and not isinstance(data, str | bytes):
        samples = _stream(data, inputs, limit, what)
    else:
        raise ValueError(
            f"{what} must be an array, a dictionary of arrays or an iterable of batches. "
            f"Received: {what}={data!r:.60}"
        )
    sizes = {name: len(array) for name, array in samples.items()}
    if len(set(sizes.values())) > 1:
        raise ValueError(f"{what} must have as many samples for each input. Received: {sizes}")
    for name, array in samples.items():
        _check_finite(array, f"{what} for input {name!r}")
    return samples


def constant_notes(samples: Samples) -> tuple[str, ...]:
    """Name, a sentence each, the inputs whose samples all hold one and the same number."""
    return tuple(
        f"The calibration samples of input {name!r} all hold one number: the ranges measured on "
        "them mean nothing."
        for name, array in samples.items()
        if array.min() == array.max()
    )


def _stream(data: Iterable[Any], inputs: tuple[Port, ...], limit: int | None, what: str) -> Samples:
    rows: list[Samples] = []
    count = 0
    for element in data:
        rows.append(_row(_without_targets(element, inputs), inputs, what))
        count += len(next(iter(rows[-1].values())))
        if limit is not None and count >= limit:
            break
    if not rows:
        raise ValueError(f"{what} must hold at least one sample. Received: an empty iterable")
    joined = {port.name: np.concatenate([row[port.name] for row in rows]) for port in inputs}
    return {name: array[:limit] for name, array in joined.items()}


def _without_targets(element: Any, inputs: tuple[Port, ...]) -> Any:
    """Take the inputs out of an `(inputs, targets)` pair."""
    if isinstance(element, tuple) and not _is_row(element, inputs):
        return element[0] if element else ()
    return element


def _is_row(value: Any, inputs: tuple[Port, ...]) -> bool:
    """Whether a list holds one array for each of several inputs."""
    return (
        isinstance(value, list | tuple)
        and len(value) == len(inputs) > 1
        and all(
            len(getattr(item, "shape", ())) in (len(port.shape) - 1, len(port.shape))
            for item, port in zip(value, inputs, strict=True)
        )
    )


def _row(value: Any, inputs: tuple[Port, ...], what: str) -> Samples:
    """Check one batch or one example and give it the batch axis and the right element type."""
    if isinstance(value, Mapping):
        missing = [port.name for port in inputs if port.name not in value]
        if missing:
            raise ValueError(
                f"{what} must have the input names as keys: {[port.name for port in inputs]}. "
                f"Received: keys {sorted(map(str, value))}"
            )
        arrays = [value[port.name] for port in inputs]
    elif len(inputs) == 1:
        arrays = [value]
    elif _is_row(value, inputs):
        arrays = list(value)
    else:
        raise ValueError(
            f"{what} must hold arrays for the inputs {[port.name for port in inputs]}, best as a "
            f"dictionary. Received: {type(value).__name__}"
        )
    return {
        port.name: _batch(array, port, what) for port, array in zip(inputs, arrays, strict=True)
    }


def _batch(value: Any, port: Port, what: str) -> npt.NDArray[Any]:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{what} must be numbers. Received: {array.dtype} for input {port.name!r}")
    if array.ndim == len(port.shape) - 1 and array.shape == port.shape[1:]:
        array = array[np.newaxis]
    if array.shape[1:] != port.shape[1:] or not array.ndim:
        raise ValueError(
            f"{what} must have the shape {('batch', *port.shape[1:])} for input {port.name!r}. "
            f"Received: shape={array.shape}"
        )
    if not len(array):
        raise ValueError(
            f"{what} must hold at least one sample. Received: shape={array.shape} for input "
            f"{port.name!r}"
        )
    return array.astype(port.dtype, copy=False)


def _check_finite(array: npt.NDArray[Any], what: str) -> None:
    bad = ~np.isfinite(array)
    if bad.any():
        first = int(np.argwhere(bad)[0][0])
        value = array[bad][0]
        raise ValueError(
            f"{what} must be finite numbers: clean the data. Received: {value} in sample {first}"
        )
