"""A picture as a mixture: at every pixel, one of several layers shows."""

import math

import keras
from keras import ops


def canvas_mean(colors, log_weights):
    """Mix the layers to one picture.

    Args:
        colors: `(batch, layers, height, width, channels)`.
        log_weights: Logarithms of the mixing weights, `(batch, layers, height, width)`, in nats.

    Returns:
        `(batch, height, width, channels)`

    Example:
        >>> canvas_mean(*TemplateDecoder(40)([poses, presences]))  # doctest: +SKIP
    """
    return ops.sum(ops.exp(ops.expand_dims(log_weights, axis=-1)) * colors, axis=1)


def canvas_nats(images, colors, log_weights, *, deviation: float = 1.0):
    """Compute the negative log-likelihood of images, each pixel a mixture of Gaussians.

    The Gaussians are around the colours of the layers. Computed in float32 or wider.

    Args:
        images: `(batch, height, width, channels)`.
        colors: `(batch, layers, height, width, channels)`.
        log_weights: Logarithms of the mixing weights, `(batch, layers, height, width)`, in nats.
        deviation: Standard deviation of the Gaussians, above 0.

    Returns:
        `(batch,)`, in nats.

    Raises:
        ValueError: If the deviation is not positive.

    Example:
        >>> canvas_nats(images, *TemplateDecoder(40)([poses, presences]))  # doctest: +SKIP

    Reference:
        https://arxiv.org/abs/1906.06818, eq. 4
    """
    if deviation <= 0:
        raise ValueError(f"deviation must be above 0. Received: deviation={deviation}")
    wide = keras.backend.result_type(colors.dtype, "float32")
    images, colors, log_weights = (ops.cast(x, wide) for x in (images, colors, log_weights))
    errors = (ops.expand_dims(images, axis=1) - colors) / deviation
    exponents = ops.expand_dims(log_weights, axis=-1) - 0.5 * errors * errors
    likelihoods = ops.logsumexp(exponents, axis=1) - 0.5 * math.log(2 * math.pi * deviation**2)
    return -ops.sum(likelihoods, axis=(1, 2, 3))
