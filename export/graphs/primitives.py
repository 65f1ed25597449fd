"""Writes layers as the operators that TFLite has for them, so that each result has one range."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from .graph import rebuild
from .integers import write_for_integers
from .kernels import has_kernel


def split(model: keras.Model) -> keras.Model:
    """Write every layer that TFLite computes in several operators as several layers.

    An activation inside a convolution or dense layer becomes a layer of its own. The layers of the
    model are changed, so it must be a private copy.
    """
    model = write_for_integers(model)
    fused: dict[int, layers.Layer] = {}
    while any(_form(operation) or _is_fused(operation) for operation in model.operations):

        def apply(_: int, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if id(operation) in fused or _is_fused(operation):
                return _unfuse(operation, fused)(operation(*args, **kwargs))
            if form := _form(operation):
                return form(operation, args[0])
            return operation(*args, **kwargs)

        model = rebuild(model, apply)
        fused.clear()
    return model


def affine(x: Any, scale: Any, offset: Any, name: str) -> Any:
    """Multiply each channel by a constant and add another: one operator in int8 for images."""
    channels = x.shape[-1]
    scale = np.broadcast_to(np.asarray(scale, "float32"), (channels,))
    offset = np.broadcast_to(np.asarray(offset, "float32"), (channels,))
    if len(x.shape) != 4:
        return layers.Identity(name=name)(ops.add(ops.multiply(x, scale), offset))
    layer = layers.DepthwiseConv2D(1, name=name)
    x = layer(x)
    layer.set_weights([scale.reshape(1, 1, channels, 1), offset])
    return x


def normalization(layer: layers.BatchNormalization) -> tuple[Any, Any]:
    """Give the factor and the offset of each channel that a batch normalisation stands for."""
    mean, variance = np.array(layer.moving_mean), np.array(layer.moving_variance)
    scale = 1.0 / np.sqrt(variance + layer.epsilon)
    scale = scale * np.array(layer.gamma) if layer.scale else scale
    offset = -mean * scale
    return scale, offset + np.array(layer.beta) if layer.center else offset


def _is_fused(operation: Any) -> bool:
    if not (has_kernel(operation) or isinstance(operation, layers.EinsumDense)):
        return False
    return operation.activation not in (None, keras.activations.linear)


def _unfuse(operation: Any, fused: dict[int, layers.Layer]) -> layers.Layer:
    if id(operation) not in fused:
        fused[id(operation)] = layers.Activation(
            operation.activation, name=f"{operation.name}.activation"
        )
        operation.activation = keras.activations.linear
    return fused[id(operation)]


def _form(operation: Any) -> Callable[[Any, Any], Any] | None:
    if isinstance(operation, layers.Activation):
        return _ACTIVATIONS.get(operation.activation)
    return _LAYERS.get(type(operation))


def _separable(layer: Any, x: Any) -> Any:
    kernels = layer.get_weights()
    depthwise = layers.DepthwiseConv2D(
        layer.kernel_size,
        layer.strides,
        layer.padding,
        layer.depth_multiplier,
        dilation_rate=layer.dilation_rate,
        use_bias=False,
        name=f"{layer.name}.depthwise",
    )
    pointwise = layers.Conv2D(
        layer.filters,
        1,
        use_bias=layer.use_bias,
        activation=layer.activation,
        name=f"{layer.name}.pointwise",
    )
    x = pointwise(depthwise(x))
    depthwise.set_weights(kernels[:1])
    pointwise.set_weights(kernels[1:])
    return x


def _spectral(layer: Any, x: Any) -> Any:
    return layer.layer(x)  # its kernel is the normalised one at inference


def _rescaling(layer: Any, x: Any) -> Any:
    return affine(x, layer.scale, layer.offset, f"{layer.name}.affine")


def _standardize(layer: Any, x: Any) -> Any:
    deviation = np.maximum(np.sqrt(np.array(layer.variance)), keras.config.epsilon())
    scale, offset = 1.0 / deviation, -np.array(layer.mean) / deviation
    return affine(x, scale.ravel(), offset.ravel(), f"{layer.name}.affine")


def _silu(layer: Any, x: Any) -> Any:
    return ops.multiply(x, layers.Activation("sigmoid", name=f"{layer.name}.sigmoid")(x))


def _hard_sigmoid(layer: Any, x: Any) -> Any:
    return ops.multiply(layers.ReLU(6.0, name=f"{layer.name}.relu6")(ops.add(x, 3.0)), 1.0 / 6.0)


_LAYERS = {
    layers.SeparableConv2D: _separable,
    layers.SpectralNormalization: _spectral,
    layers.Rescaling: _rescaling,
    layers.Normalization: _standardize,
}
_ACTIVATIONS = {
    keras.activations.silu: _silu,
    keras.activations.hard_sigmoid: _hard_sigmoid,
}
