"""Cross-layer equalisation: the channels between two layers get ranges of one size."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from ..graphs.flatten import flatten
from ..graphs.fold import fold
from ..graphs.graph import Graph, Step, read
from ..graphs.primitives import split
from .placement import is_relu

# The axis of a kernel along which the channels lie that come in, and that go out.
_AXES: dict[type, tuple[int, int]] = {
    layers.Conv1D: (1, 2),
    layers.Conv2D: (2, 3),
    layers.DepthwiseConv2D: (2, 2),
    layers.Conv1DTranspose: (2, 1),
    layers.Conv2DTranspose: (3, 2),
    layers.Dense: (0, 1),
}
# What gives a channel times a factor above 0 where it gets the channel times that factor.
_LINEAR = (
    layers.AveragePooling1D,
    layers.AveragePooling2D,
    layers.Cropping2D,
    layers.Dropout,
    layers.GlobalAveragePooling1D,
    layers.GlobalAveragePooling2D,
    layers.GlobalMaxPooling1D,
    layers.GlobalMaxPooling2D,
    layers.Identity,
    layers.LeakyReLU,
    layers.MaxPooling1D,
    layers.MaxPooling2D,
    layers.Resizing,
    layers.UpSampling2D,
    layers.ZeroPadding2D,
)
_ROUNDS = 20
_LEAST = 1e-8


def equalize(model: keras.Model) -> keras.Model:
    """Copy a model so that rounding harms all channels between two layers alike.

    Where one layer feeds another through ReLU or pooling alone, a channel may be divided by a
    factor in the first layer and multiplied in the second: the answers stay. The factors make the
    kernels of both equally wide in each channel. Before post-training quantization this recovers
    models whose channels differ by orders of magnitude, mostly behind depthwise convolutions.

    Args:
        model: A functional or sequential Keras 3 model.

    Returns:
        A flat model with batch normalisation folded, which answers as the model does.

    Raises:
        ValueError: If the model is subclassed, so that its graph is not known.

    Example:
        >>> flat = kerascnn.export.equalize(model)  # doctest: +SKIP
        >>> kerascnn.export.to_tflite(flat, "m.tflite", quantize="int8", calibration=images)

    Reference:
        https://arxiv.org/abs/1906.04721
    """
    flat = fold(split(flatten(model)))
    pairs = _pairs(read(flat))
    for _ in range(_ROUNDS):  # a layer in two pairs moves with both
        for first, second in pairs:
            _balance(first, second)
    return flat


def _pairs(graph: Graph) -> list[tuple[Any, Any]]:
    called = [id(step.operation) for step in graph.steps]
    found = []
    for step in graph.steps:
        after = _next_kernel(graph, step) if type(step.operation) in _AXES else None
        pair = (step.operation, None if after is None else after.operation)
        if after and all(called.count(id(layer)) == 1 for layer in pair) and _fit(*pair):
            found.append(pair)
    return found


def _next_kernel(graph: Graph, step: Step) -> Step | None:
    after = graph.only_consumer(step)
    while after is not None and type(after.operation) not in _AXES:
        after = graph.only_consumer(after) if _keeps_factors(after.operation) else None
    return after


def _keeps_factors(operation: Any) -> bool:
    if is_relu(operation):
        return getattr(operation, "max_value", None) is None and "6" not in _activation(operation)
    return isinstance(operation, _LINEAR)


def _activation(operation: Any) -> str:
    return str(getattr(getattr(operation, "activation", operation), "__name__", type(operation)))


def _fit(first: Any, second: Any) -> bool:
    channels = first.kernel.shape[_AXES[type(first)][1]]
    grouped = getattr(second, "groups", 1) > 1 or getattr(first, "depth_multiplier", 1) > 1
    return bool(not grouped and channels == second.kernel.shape[_AXES[type(second)][0]])


def _balance(first: Any, second: Any) -> None:
    leaving, entering = _AXES[type(first)][1], _AXES[type(second)][0]
    wide = _widths(first.kernel, leaving), _widths(second.kernel, entering)
    # A channel without weights on one side has nothing to balance.
    usable = (wide[0] > _LEAST) & (wide[1] > _LEAST)
    factors = np.sqrt(np.divide(*wide, out=np.ones_like(wide[0]), where=usable))
    first.kernel.assign(np.array(first.kernel) / _along(factors, first.kernel, leaving))
    if first.use_bias:
        first.bias.assign(np.array(first.bias) / factors)
    second.kernel.assign(np.array(second.kernel) * _along(factors, second.kernel, entering))


def _widths(kernel: Any, axis: int) -> npt.NDArray[Any]:
    others = tuple(index for index in range(len(kernel.shape)) if index != axis)
    return np.asarray(np.abs(np.array(kernel)).max(others))


def _along(factors: npt.NDArray[Any], kernel: Any, axis: int) -> npt.NDArray[Any]:
    return factors.reshape([-1 if index == axis else 1 for index in range(len(kernel.shape))])
