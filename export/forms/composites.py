"""Layers of Keras that TFLite computes in several operators, as several layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from ..graphs.own_weights import as_layer
from .affine import affine
from .attention import dot_product, multi_head
from .normalizations import gains, normalizing
from .parts import part
from .recurrent import bidirectional, one_step, sequence

Call = Callable[..., Any]


def is_composite(operation: Any) -> bool:
    """Whether an operation is a layer that may be several, or is another one at inference.

    Such a layer makes that one itself, by its method `at_inference`; of all others `apart` tells.
    """
    return type(operation) in _MAKERS or hasattr(operation, "at_inference")


def apart(layer: Any) -> Call | None:
    """Make the layers that a layer consists of, with its weights.

    Args:
        layer: A built layer for which `is_composite` holds.

    Returns:
        What they compute on the arguments of a call of the layer: None where they can't. None
        instead of the function where they never can.
    """
    if hasattr(layer, "at_inference"):
        plain = layer.at_inference()
        return lambda x, **options: plain(x)
    return _MAKERS[type(layer)](layer)


def _separable(layer: Any) -> Call:
    depth, point, *bias = layer.get_weights()
    channels, inner = layer.get_build_config()["input_shape"][-1], point.shape[-2]
    depthwise = part(
        layers.DepthwiseConv2D,
        layer,
        "depthwise",
        (None, None, None, channels),
        [depth],
        kernel_size=layer.kernel_size,
        strides=layer.strides,
        padding=layer.padding,
        depth_multiplier=layer.depth_multiplier,
        dilation_rate=layer.dilation_rate,
        use_bias=False,
    )
    pointwise = part(
        layers.Conv2D,
        layer,
        "pointwise",
        (None, None, None, inner),
        [point, *bias],
        filters=layer.filters,
        kernel_size=1,
        use_bias=layer.use_bias,
        activation=layer.activation,
    )
    return lambda x: pointwise(depthwise(x))


def _normalization(layer: Any) -> Call | None:
    compute = normalizing(layer)
    if compute is None:
        return None
    own = gains(layer)
    holder = as_layer(layer, own) if own else None

    def normalize(x: Any, **options: Any) -> Any:
        given = holder(x) if holder else []
        return compute(x, dict(zip(own, given, strict=True)))

    return normalize


def _einsum_dense(layer: layers.EinsumDense) -> Call:
    own = {name: getattr(layer, name) for name in ("kernel", "bias") if hasattr(layer, name)}
    own = {name: weight for name, weight in own.items() if weight is not None}
    holder = as_layer(layer, own)

    def multiply(x: Any, **options: Any) -> Any:
        kernel, *bias = holder(x)
        product = ops.einsum(layer.equation, x, kernel)
        return ops.add(product, bias[0]) if bias else product

    return multiply


def _rescaling(layer: Any) -> Call:
    return lambda x: affine(x, layer.scale, layer.offset, f"{layer.name}.affine")


def _standardize(layer: Any) -> Call:
    deviation = np.maximum(np.sqrt(np.array(layer.variance)), keras.config.epsilon())
    scale, offset = 1.0 / deviation, -np.array(layer.mean) / deviation
    return lambda x: affine(x, scale.ravel(), offset.ravel(), f"{layer.name}.affine")


def _wrapped(layer: Any) -> Call:
    return lambda x, **options: layer.layer(x)  # a normalised kernel is that of inference


def _distributed(layer: layers.TimeDistributed) -> Call | None:
    return _wrapped(layer) if type(layer.layer) is layers.Dense else None


_MAKERS: dict[type, Callable[[Any], Call | None]] = {
    layers.Attention: dot_product,
    layers.Bidirectional: bidirectional,
    layers.EinsumDense: _einsum_dense,
    layers.GRU: sequence,
    layers.GRUCell: one_step,
    layers.GroupNormalization: _normalization,
    layers.LSTM: sequence,
    layers.LSTMCell: one_step,
    layers.LayerNormalization: _normalization,
    layers.MultiHeadAttention: multi_head,
    layers.Normalization: _standardize,
    layers.RMSNormalization: _normalization,
    layers.RNN: sequence,
    layers.Rescaling: _rescaling,
    layers.SeparableConv2D: _separable,
    layers.SimpleRNN: sequence,
    layers.SimpleRNNCell: one_step,
    layers.SpectralNormalization: _wrapped,
    layers.TimeDistributed: _distributed,
}
