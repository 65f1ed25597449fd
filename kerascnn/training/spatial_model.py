"""What the places of some parts of a body say about those of the others."""

import math
from typing import Any

import keras
from keras import layers, ops


def spatial_model(parts: Any, kernel_size: int) -> Any:
    """Multiply, for each part, what every part says about its place.

    One round of belief propagation in a Markov random field of all pairs of parts:
    `p_a = prod_v (e_av * relu(p_v) + b_av)`, where `*` is a convolution, the kernel `e_av` says
    where part `a` is seen from part `v`, and the bias keeps a part that was not found from vetoing
    the others. Neither becomes negative. At the start, a part says nothing of the others, and its
    own map is what it was.

    Args:
        parts: Heat maps, `(batch, height, width, parts)`.
        kernel_size: Side of the kernels, in pixels: twice the longest distance of two parts.

    Returns:
        Heat maps of the same shape, float32.

    Reference:
        https://arxiv.org/abs/1406.2984, eq. 2
    """
    count = parts.shape[-1]
    x = layers.ReLU(dtype="float32", name="evidence")(parts)
    x = layers.DepthwiseConv2D(
        kernel_size,
        depth_multiplier=count,
        padding="same",
        depthwise_initializer=_own_place,
        depthwise_constraint="non_neg",
        bias_initializer=_others,
        bias_constraint="non_neg",
        dtype="float32",
        name="spatial_model",
    )(x)  # (batch, height, width, parts * parts), what one part says after the other
    belief = x[..., :count]
    for start in range(count, count * count, count):
        belief = belief * x[..., start : start + count]
    return layers.Identity(dtype="float32", name="maps")(belief)


@keras.saving.register_keras_serializable(package="kerascnn")
def _own_place(shape, dtype=None):
    """Give kernels with which a part keeps its own map, and which are 0 for all pairs."""
    side, _, parts, _ = shape
    middle = ops.one_hot([(side - 1) // 2], side, dtype=dtype)
    return ops.eye(parts, dtype=dtype) * (middle * ops.transpose(middle))[..., None, None]


@keras.saving.register_keras_serializable(package="kerascnn")
def _others(shape, dtype=None):
    """Give biases that are 1 for all pairs and 0 between a part and itself."""
    (pairs,) = shape
    return 1.0 - ops.reshape(ops.eye(math.isqrt(pairs), dtype=dtype), shape)
