"""BigGAN, whose blocks each take a part of the noise beside the class."""

from typing import Any

import keras
from keras import layers, ops

from kerascnn.layers import SelfAttention2D
from kerascnn.models.projection_discriminator import projection_discriminator
from kerascnn.models.residual_generator import ImageShape, doubled, drawn
from kerascnn.registry import Experiment, register
from kerascnn.training import GAN

_OPTIMIZERS = {
    name: {
        "class_name": "Adam",
        "config": {"learning_rate": rate, "beta_1": 0.0, "beta_2": 0.999, "epsilon": 1e-8},
    }
    for name, rate in (("generator", 5e-5), ("discriminator", 2e-4))
}


@register(
    paper="https://arxiv.org/abs/1809.11096",
    tiny={"input_shape": (8, 8, 1), "num_classes": 3, "latent_dim": 8, "filters": 8},
    params=70_497_591,
    experiment=Experiment(
        data="digits",
        data_options={"size": 8},
        model_options={
            "filters": 32,
            "latent_dim": 32,
            "embedding_dim": 16,
            "attention_size": 8,
            "ema_decay": 0.99,
        },
        epochs=100,
        learning_rate=3e-4,
        passes=("class_accuracy >= 0.95", "fdd <= 30", "cover >= 10"),
    ),
)
def biggan(
    input_shape: ImageShape = (128, 128, 3),
    *,
    num_classes: int = 1000,
    latent_dim: int = 120,
    embedding_dim: int = 128,
    filters: int = 96,
    attention_size: int = 64,
    discriminator_steps: int = 2,
    orthogonality: float = 1e-4,
    ema_decay: float | None = 0.9999,
) -> GAN:
    """Build BigGAN: SAGAN's networks, wider, with noise and the class in each block.

    The noise is cut into a part for the first layer and one for each block. The generator's
    kernels stay near orthogonal, so that noise without its rare values (truncation) gives fewer
    kinds of images, but better ones. The average of the generator is deployed.

    Args:
        input_shape: Height, width and channels of the images, in [-1, 1]; equal sides that halve
            at least once to 4 or more pixels.
        num_classes: Number of classes.
        latent_dim: Number of latent variables, standard normal; one part more than there are
            halvings divides it.
        embedding_dim: Numbers that describe a class, the same for all blocks.
        filters: Channels next to the image, doubled at each halving of the sides up to 16 times.
        attention_size: Side of the maps with attention, in pixels.
        discriminator_steps: Updates of the discriminator for each of the generator.
        orthogonality: Weight of the products of different columns of the generator's kernels.
        ema_decay: Decay of the average of the generator that is deployed, in (0, 1); None for none.

    Returns:
        A `GAN`; its deployable generator maps `latent`, `(batch, latent_dim)`, and `label`, one-hot
        `(batch, num_classes)`, to images in [-1, 1] in float32.

    Raises:
        ValueError: If the sides cannot be halved, the noise cannot be divided, or a number is out
            of its range.

    Example:
        >>> gan = biggan((32, 32, 3), num_classes=10, filters=64, attention_size=16)
        >>> gan.compile()
        >>> gan.fit(images, labels, epochs=20)

    Reference:
        https://arxiv.org/abs/1809.11096
    """

    def attend(x):
        return SelfAttention2D(spectral_normalization=True, name="attention")(x)

    widths = doubled(input_shape, filters)
    options: dict[str, Any] = {"initializer": "orthogonal", "attention": (attention_size, attend)}
    return BigGAN(
        _generator(input_shape, num_classes, latent_dim, embedding_dim, widths, options),
        projection_discriminator(input_shape, num_classes, widths, **options),
        orthogonality=orthogonality,
        loss="hinge",
        discriminator_steps=discriminator_steps,
        optimizer=_OPTIMIZERS,
        ema_decay=ema_decay,
        name="biggan",
    )


@keras.saving.register_keras_serializable(package="kerascnn")
class BigGAN(GAN):
    """Trains a generator whose kernels stay near orthogonal.

    Takes the `orthogonality` of `biggan`, and the arguments of `GAN`.
    """

    def __init__(self, generator, discriminator, *, orthogonality: float = 1e-4, **kwargs: Any):
        super().__init__(generator, discriminator, **kwargs)
        if orthogonality < 0:
            raise ValueError(f"orthogonality must be at least 0. Received: {orthogonality}")
        self.orthogonality = orthogonality

    def generator_loss(self, real, labels, latents, training=True):
        """Add what the kernels are away from orthogonal ones."""
        kernels = [weight for weight in self.generator.trainable_weights if len(weight.shape) > 1]
        penalty = sum(coherence(kernel) for kernel in kernels if "embedding" not in kernel.path)
        return (
            super().generator_loss(real, labels, latents, training) + self.orthogonality * penalty
        )


def coherence(kernel):
    """Give the sum of the squared products of each two different columns, 0 for orthogonal ones."""
    matrix = ops.reshape(kernel, (-1, kernel.shape[-1]))
    products = ops.square(ops.matmul(ops.transpose(matrix), matrix))
    return ops.sum(products) - ops.sum(ops.diagonal(products))


def _generator(input_shape, num_classes, latent_dim, embedding_dim, widths, options):
    parts = len(widths) + 1
    if latent_dim % parts:
        raise ValueError(f"{parts} parts must divide the noise. Received: latent_dim={latent_dim}")
    latent = keras.Input((latent_dim,), name="latent")
    label = keras.Input((num_classes,), name="label")
    size = latent_dim // parts
    noise = [latent[:, part * size : (part + 1) * size] for part in range(parts)]
    embedding = layers.Dense(embedding_dim, use_bias=False, name="embedding")(label)
    conditions = [layers.Concatenate()([embedding, part]) for part in noise[1:]]
    image = drawn(noise[0], conditions, input_shape, widths, spectral_conditions=True, **options)
    return keras.Model({"latent": latent, "label": label}, image, name="generator")
