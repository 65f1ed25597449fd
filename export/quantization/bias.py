"""Takes back what rounding the kernels does to the mean of each channel."""

from __future__ import annotations

from typing import Any

import keras

from ..graphs.graph import rebuild
from .calibrate import Arrays, batches
from .fake import FakeQuantize, FakeQuantizedKernel


def correct_biases(model: keras.Model, inputs: Arrays) -> None:
    """Shift each bias by the mean error that the rounded kernel of its layer makes.

    The mean over samples and positions, on what the float model gives the layer. A layer without a
    bias stays as it is.

    Args:
        model: A model from `quantize_aware`; it is changed.
        inputs: One array an input, batch first.

    Reference:
        https://arxiv.org/abs/1906.04721, section 4.2
    """
    errors: list[Any] = []
    layers: list[Any] = []

    def apply(_: int, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if isinstance(operation, FakeQuantize):
            return args[0]
        if not isinstance(operation, FakeQuantizedKernel):
            return operation(*args, **kwargs)
        outputs = operation.layer(*args, **kwargs)
        if operation.layer.use_bias and not any(operation.layer is layer for layer in layers):
            layers.append(operation.layer)
            errors.append(operation(*args, **kwargs) - outputs)
        return outputs

    plain = rebuild(model, apply)
    if not errors:
        return
    total: list[Any] = [0.0] * len(errors)
    for values in batches(keras.Model(plain.inputs, errors), inputs):
        # The mean over positions, and the sum over samples.
        found = [error.mean(tuple(range(1, error.ndim - 1))).sum(0) for error in values]
        total = [before + new for before, new in zip(total, found, strict=True)]
    for layer, error in zip(layers, total, strict=True):
        layer.bias.assign_sub(error / len(inputs[0]))
