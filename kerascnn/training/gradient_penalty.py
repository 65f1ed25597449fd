"""The penalty that keeps a discriminator's slope near 1."""

import tensorflow as tf
from keras import ops, random

from kerascnn.losses.distances import root


def gradient_penalty(discriminator, real, fake, *, training=True, seed=None):
    """Compute how far the slope of a discriminator is from 1 between real and generated images.

    `(|grad D(x)| - 1)^2` at a random point `x` of the line between each real image and its
    generated partner. A discriminator with batch normalisation mixes the samples, so that its
    slope at one of them means little: use layer normalisation. Bilinear and bicubic resizing have
    no second derivative in TensorFlow, so that they cannot stand in the discriminator.

    Args:
        discriminator: Model from images to scores, or function of images and `training`; the
            scores of several patches are averaged.
        real: Real images, `(batch, ...)`.
        fake: Generated images, of the same shape.
        training: Whether the discriminator runs as in training.
        seed: Integer or `keras.random.SeedGenerator` for the points; None for any.

    Returns:
        `(batch,)` in float32. Where the slope is 0, the penalty is 1 and its gradient 0.

    Example:
        >>> real, fake = keras.ops.zeros((1, 1)), keras.ops.ones((1, 1))
        >>> float(gradient_penalty(lambda x, training: 3.0 * x, real, fake)[0])
        4.0

    Reference:
        https://arxiv.org/abs/1704.00028
    """
    real, fake = (ops.cast(images, "float32") for images in (real, fake))
    count, rank = ops.shape(real)[0], len(real.shape)
    place = random.uniform((count, *[1] * (rank - 1)), dtype="float32", seed=seed)
    between = ops.stop_gradient(fake + place * (real - fake))
    with tf.GradientTape() as tape:
        tape.watch(between)
        scores = ops.cast(discriminator(between, training=training), "float32")
        scores = ops.mean(ops.reshape(scores, (count, -1)), axis=-1)
    slopes = ops.cast(tape.gradient(scores, between), "float32")
    lengths = root(ops.sum(slopes * slopes, axis=tuple(range(1, rank))))
    return (lengths - 1.0) * (lengths - 1.0)
