"""A factor and an offset for each channel, and what stands for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import layers, ops


def affine(x: Any, scale: Any, offset: Any, name: str) -> Any:
    """Multiply each channel by a constant and add another: one operator in int8 for images."""
    channels = x.shape[-1]
    scale = np.broadcast_to(np.asarray(scale, "float32"), (channels,))
    offset = np.broadcast_to(np.asarray(offset, "float32"), (channels,))
    if len(x.shape) != 4:
        x = ops.multiply(x, scale)
        if offset.any():  # the converter drops what adds 0, and stumbles over its range
            x = ops.add(x, offset)
        return layers.Identity(name=name)(x)
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
