"""Negative log likelihoods, in nats."""

import math

import keras
from keras import ops

from kerascnn.losses.targets import wide

_EPSILON = 1e-7


@keras.saving.register_keras_serializable(package="kerascnn")
def bernoulli_nats(y_true, y_pred):
    """Compute the negative log likelihood of images whose pixels are Bernoulli variables.

    Summed over the pixels, not averaged: only so does it weigh right against a divergence.
    Probabilities are kept 1e-7 away from 0 and 1; computed in float32 or wider.

    Args:
        y_true: Images in [0, 1], `(batch, height, width, channels)`.
        y_pred: Probabilities, of the same shape.

    Returns:
        `(batch,)`, one sum of nats an image.

    Example:
        >>> float(bernoulli_nats([[1.0, 0.0]], [[0.8, 0.8]])[0])
        1.832581...

    Reference:
        https://arxiv.org/abs/1312.6114, appendix C.1
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    dtype = keras.backend.result_type(y_pred.dtype, "float32")
    y_pred = ops.clip(ops.cast(y_pred, dtype), _EPSILON, 1.0 - _EPSILON)
    y_true = ops.cast(y_true, dtype)
    nats = -y_true * ops.log(y_pred) - (1.0 - y_true) * ops.log1p(-y_pred)
    return ops.sum(nats, axis=tuple(range(1, len(nats.shape))))


def gaussian_nats(y_true, y_pred):
    """Compute the negative log likelihood of values under diagonal Gaussians.

    `1/2 sum(log(2 pi) + log_var + (y_true - mean)^2 / exp(log_var))` over the last axis; below 0
    where the density is above 1. Computed in float32 or wider.

    Args:
        y_true: Values, `(batch, ..., dim)`.
        y_pred: Mean and logarithm of the variance side by side, `(batch, ..., 2 * dim)`.

    Returns:
        `(batch, ...)`, one sum of nats a sample.

    Example:
        >>> float(gaussian_nats([[1.0]], [[0.0, 0.0]])[0])
        1.418938...

    Reference:
        https://arxiv.org/abs/1312.6114, appendix C.2
    """
    mean, log_var = ops.split(wide(y_pred), 2, axis=-1)
    squares = ops.square(wide(y_true) - mean) * ops.exp(-log_var)
    return 0.5 * ops.sum(math.log(2 * math.pi) + log_var + squares, axis=-1)
