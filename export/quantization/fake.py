"""Layers that round as int8 does while a model trains."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from ..graphs.kernels import kernel_axis

_STEPS = 255  # between the 256 values of int8
_LEAST = 1e-6  # width of a range that holds zeros only


@keras.saving.register_keras_serializable(package="kerascnn")
class FakeQuantize(layers.Layer):
    """Rounds to the 256 values that an int8 tensor of this range can hold.

    The range always holds 0. It is the mean of the extremes that the batches had, with a fading
    memory; the first batch in training sets it. Before that the layer changes nothing.

    Args:
        momentum: How much of the former range stays after each batch, in [0, 1).
        positive: Whether a reciprocal root or a logarithm follows: what would round to 0 takes the
            first step above it, as int8 ends there at its range, and floats at infinity.
        fixed: The range, where the operator before has one that doesn't follow its results.
        **kwargs: `name`, `dtype` and the like.

    Raises:
        ValueError: If the momentum is out of range.
    """

    def __init__(
        self,
        *,
        momentum: float = 0.99,
        positive: bool = False,
        fixed: tuple[float, float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be in [0, 1). Received: momentum={momentum}")
        self.momentum = momentum
        self.positive = positive
        self.fixed = fixed

    def build(self, input_shape: Any) -> None:
        """Create the range."""
        low, high = self.fixed or (0.0, 0.0)
        self.low = self._number("low", low)
        self.high = self._number("high", high)
        self.seen = self._number("seen", float(self.fixed is not None))
        self.built = True

    def _number(self, name: str, start: float) -> Any:
        constant = keras.initializers.Constant(start)
        # Every replica sees another part of the batch.
        return self.add_weight((), constant, trainable=False, aggregation="mean", name=name)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Round, and in training follow the range."""
        # In a moving average of the weights, all three have come the same part of their way from 0.
        share = ops.maximum(self.seen, _LEAST)
        low, high = self.low / share, self.high / share
        if training and not self.fixed:
            kept = ops.where(self.seen > 0, self.momentum, 0.0)
            fixed = ops.stop_gradient(inputs)
            low = kept * low + (1.0 - kept) * ops.minimum(ops.min(fixed), 0.0)
            high = kept * high + (1.0 - kept) * ops.maximum(ops.max(fixed), 0.0)
            self.low.assign(low)
            self.high.assign(high)
            self.seen.assign(ops.ones_like(self.seen))
        high = ops.maximum(high, low + _LEAST)
        rounded = keras.quantizers.fake_quant_with_min_max_vars(inputs, low, high)
        rounded = self.lift(rounded, low, high)
        return rounded if training else ops.where(self.seen > 0, rounded, inputs)

    def ends(self) -> tuple[float, float]:
        """Give the range that was learned."""
        low, high, seen = (float(ops.convert_to_numpy(v)) for v in (self.low, self.high, self.seen))
        return low / max(seen, _LEAST), max(high, low + _LEAST) / max(seen, _LEAST)

    def lift(self, rounded: Any, low: Any, high: Any) -> Any:
        """Keep what was rounded at a step from 0, if it has to be positive."""
        return ops.maximum(rounded, (high - low) / _STEPS) if self.positive else rounded

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Give the shape of the input."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Describe the arguments."""
        own = {"momentum": self.momentum, "positive": self.positive, "fixed": self.fixed}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="kerascnn")
class FakeQuantizedKernel(layers.Wrapper):
    """Runs a layer with its kernel rounded to int8: symmetric, from -127 to 127 steps.

    Args:
        layer: A layer of a kind in `KERNELS`.
        **kwargs: `name`, `dtype` and the like.
    """

    def __init__(self, layer: layers.Layer, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)

    def call(self, inputs: Any) -> Any:
        """Run the layer on the rounded kernel; the gradient passes as if it were not."""
        return self.run(inputs, self.rounded())

    def run(self, inputs: Any, kernel: Any) -> Any:
        """Run the layer on another kernel than its own."""
        trainable, others = (
            [kernel if v is self.layer.kernel else v for v in variables]
            for variables in (self.layer.trainable_variables, self.layer.non_trainable_variables)
        )
        outputs, _ = self.layer.stateless_call(trainable, others, inputs)
        return outputs

    def rounded(self) -> Any:
        """Give the rounded kernel."""
        return round_symmetric(ops.convert_to_tensor(self.layer.kernel), kernel_axis(self.layer))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Give the shape of the layer's output."""
        return self.layer.compute_output_shape(input_shape)


def round_symmetric(weights: Any, axis: int | None) -> Any:
    """Round to 127 steps on either side of 0, each entry along an axis with its own step.

    Args:
        weights: A tensor.
        axis: The axis whose entries have their own steps; None for one step in all.
    """
    others = None if axis is None else [i for i in range(len(weights.shape)) if i != axis]
    largest = ops.max(ops.abs(weights), axis=others, keepdims=True)
    step = ops.stop_gradient(ops.maximum(largest, 1e-8)) / 127.0
    return weights + ops.stop_gradient(ops.round(weights / step) * step - weights)
