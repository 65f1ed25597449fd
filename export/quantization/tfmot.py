"""Quantizers of tensorflow-model-optimization inside Keras 3 layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from ..graphs.kernels import kernel_axis
from .fake import FakeQuantize, FakeQuantizedKernel
from .foreign import Owner, apply, describe, revive


def kernel_quantizer(quantizer: Any) -> Callable[..., FakeQuantizedKernel]:
    """Give the layer that rounds kernels by a quantizer; None stands for our own rounding.

    Raises:
        ValueError: If int8 files hold no kernels of this form.
    """
    if quantizer is None:
        return FakeQuantizedKernel
    _check("weights", quantizer, {"num_bits": 8, "symmetric": True, "narrow_range": True})
    return lambda layer, **kwargs: TfmotKernel(layer, quantizer, **kwargs)


def range_quantizer(quantizer: Any) -> Callable[..., FakeQuantize]:
    """Give the layer that rounds results by a quantizer; None stands for our own rounding.

    Raises:
        ValueError: If int8 files hold no results of this form.
    """
    if quantizer is None:
        return FakeQuantize
    _check("activations", quantizer, {"num_bits": 8, "per_axis": False, "narrow_range": False})
    return lambda **kwargs: TfmotRange(quantizer, **kwargs)


@keras.saving.register_keras_serializable(package="kerascnn")
class TfmotRange(FakeQuantize):
    """Rounds results by a quantizer of tensorflow-model-optimization.

    Args:
        quantizer: The quantizer, or what `get_config` wrote of it.
        **kwargs: `name`, `dtype` and the like.
    """

    def __init__(self, quantizer: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.quantizer = revive(quantizer)

    def build(self, input_shape: Any) -> None:
        """Create the range as the quantizer wants it."""
        super().build(input_shape)
        owner = Owner(self, {"_min": "low", "_max": "high"})
        self.state = self.quantizer.build(tf.TensorShape(input_shape), "range", owner) or {}

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Round, and in training follow the range."""
        if training:
            self.seen.assign(ops.ones_like(self.seen))
        rounded = apply(self.quantizer, inputs, training, self.state)
        return self.lift(rounded, ops.convert_to_tensor(self.low), ops.convert_to_tensor(self.high))

    def ends(self) -> tuple[float, float]:
        """Give the range that was learned."""
        return float(ops.convert_to_numpy(self.low)), float(ops.convert_to_numpy(self.high))

    def get_config(self) -> dict[str, Any]:
        """Describe the arguments."""
        return {**super().get_config(), "quantizer": describe(self.quantizer)}


@keras.saving.register_keras_serializable(package="kerascnn")
class TfmotKernel(FakeQuantizedKernel):
    """Runs a layer with its kernel rounded by a quantizer of tensorflow-model-optimization.

    Args:
        layer: A layer of a kind in `KERNELS`.
        quantizer: The quantizer, or what `get_config` wrote of it.
        **kwargs: `name`, `dtype` and the like.
    """

    def __init__(self, layer: keras.layers.Layer, quantizer: Any, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.quantizer = revive(quantizer)

    def build(self, input_shape: Any = None) -> None:
        """Create the ranges as the quantizer wants them."""
        super().build(input_shape)
        axis = kernel_axis(self.layer)
        channels = 1 if axis is None else self.layer.kernel.shape[axis]
        self.state = self.quantizer.build(tf.TensorShape((None, channels)), "kernel", Owner(self))
        self.state = self.state or {}

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Run the layer on the rounded kernel; in training the ranges follow the kernel."""
        return self.run(inputs, self._rounded(training))

    def rounded(self) -> Any:
        """Give the rounded kernel, by the ranges of the last step of the training."""
        return self._rounded(training=False)

    def get_config(self) -> dict[str, Any]:
        """Describe the arguments."""
        return {**super().get_config(), "quantizer": describe(self.quantizer)}

    def _rounded(self, training: bool) -> Any:
        # The quantizers know kernels of rank 2 and 4 only, with the channels last.
        axis = kernel_axis(self.layer)
        kernel = ops.convert_to_tensor(self.layer.kernel)
        moved = kernel if axis is None else ops.moveaxis(kernel, axis, -1)
        rows = ops.reshape(moved, (-1, 1 if axis is None else moved.shape[-1]))
        rows = apply(self.quantizer, rows, training, self.state)
        moved = ops.reshape(rows, moved.shape)
        return moved if axis is None else ops.moveaxis(moved, -1, axis)


def _check(argument: str, quantizer: Any, wanted: dict[str, Any]) -> None:
    if not all(callable(getattr(quantizer, name, None)) for name in ("build", "get_config")):
        raise ValueError(
            f"{argument} must be a quantizer of tensorflow-model-optimization. "
            f"Received: {argument}={quantizer!r}"
        )
    for name, value in wanted.items():
        if getattr(quantizer, name, value) != value:
            raise ValueError(
                f"An int8 file needs {argument} with {name}={value}. "
                f"Received: {name}={getattr(quantizer, name)} in {type(quantizer).__name__}"
            )
