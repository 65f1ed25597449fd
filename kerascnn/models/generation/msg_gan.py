"""MSG-GAN, whose gradients flow at every size of the image."""

import math

import keras
from keras import layers, ops

from kerascnn.models.equalized_players import block, color, judge, multi_scale_generator, sizes
from kerascnn.registry import Experiment, register
from kerascnn.training import MultiScaleGAN
from kerascnn.training.multi_scale_gan import halve


@register(
    paper="https://arxiv.org/abs/1903.06048",
    tiny={"input_shape": (8, 8, 1), "latent_dim": 8, "filters": 8, "ema_decay": 0.5},
    params=23_071_507,
    experiment=Experiment(
        data="digits",
        data_options={"size": 8},
        model_options={"filters": 64, "latent_dim": 32, "ema_decay": 0.99},
        epochs=100,
        learning_rate=1e-3,
        passes=("fdd <= 25", "cover >= 10", "entropy >= 0.9"),
    ),
)
def msg_gan(
    input_shape: tuple[int, int, int] = (1024, 1024, 3),
    *,
    latent_dim: int = 512,
    filters: int = 512,
    capacity: int = 16_384,
    ema_decay: float | None = 0.999,
) -> MultiScaleGAN:
    """Build MSG-GAN: the generator's images of all sizes go into the discriminator at once.

    Each block of the generator gives an image, and each block of the discriminator sees the one of
    its size beside what the block before it gives. Otherwise the networks and losses of the
    progressive GAN, without growing.

    Args:
        input_shape: Height, width and channels of the images, in [-1, 1]; equal sides of 8 pixels,
            or twice that, and so on.
        latent_dim: Number of latent variables, standard normal; only their direction counts.
        filters: The most channels of maps.
        capacity: Channels of maps times their side in pixels, where that is less.
        ema_decay: Decay of the average of the generator that is deployed, in (0, 1); None for none.

    Returns:
        A `MultiScaleGAN`; its deployable generator maps `(batch, latent_dim)` to images, about in
        [-1, 1], in float32.

    Raises:
        ValueError: If the sides are no such numbers.

    Example:
        >>> gan = msg_gan((32, 32, 3))
        >>> gan.compile()
        >>> gan.fit(images, epochs=20)

    Reference:
        https://arxiv.org/abs/1903.06048
    """
    return MSGGAN(
        multi_scale_generator(input_shape, latent_dim, filters, capacity),
        _discriminator(input_shape, filters, capacity),
        loss="wasserstein",
        loss_options={"drift": 1e-3},
        gradient_penalty=10.0,
        optimizer={"class_name": "RMSprop", "config": {"learning_rate": 3e-3}},
        ema_decay=ema_decay,
        name="msg_gan",
    )


@keras.saving.register_keras_serializable(package="kerascnn")
class MSGGAN(MultiScaleGAN):
    """Trains a generator and a discriminator that share images of all sizes.

    Takes the arguments of `GAN`. The discriminator's inputs are named `image4`, `image8`, ... The
    images of all sizes are one vector to the losses, so that a penalty is on the slope of all.
    """

    def generate(self, latents, labels=None, training=None):
        """Draw images of all sizes as vectors."""
        return _vectors(self.generator(latents, training=training))

    def criticise(self, images, labels=None, training=None):
        """Judge vectors of images of all sizes."""
        shapes = [image.shape[1:] for image in self.generator.output]
        ends = [sum(math.prod(shape) for shape in shapes[:n]) for n in range(1, len(shapes))]
        each = zip(shapes, ops.split(images, ends, axis=1), strict=True)
        fed = {f"image{shape[0]}": ops.reshape(one, (-1, *shape)) for shape, one in each}
        return self.discriminator(fed, training=training)

    def discriminator_loss(self, real, labels, latents, training=True):
        """Compare with real images of all sizes."""
        every = [real]
        while len(every) < len(self.sizes):
            every.insert(0, halve(every[0]))
        return super().discriminator_loss(_vectors(every), labels, latents, training)


def _vectors(images):
    rows = [ops.reshape(one, (-1, math.prod(one.shape[1:]))) for one in images]
    return ops.concatenate(rows, axis=1)


def _discriminator(input_shape, filters, capacity):
    inputs, x = {}, None
    smallest, *larger = sizes(input_shape)
    for size in reversed(larger):
        image = inputs[f"image{size}"] = _image(size, input_shape)
        seen = (
            color(size, filters, capacity)(image) if x is None else layers.Concatenate()([image, x])
        )
        x = block(size, filters, capacity, deviation=True)(seen)
    image = inputs[f"image{smallest}"] = _image(smallest, input_shape)
    logit = judge(filters, capacity)(layers.Concatenate()([image, x]))
    return keras.Model(inputs, logit, name="discriminator")


def _image(size, input_shape):
    return keras.Input((size, size, input_shape[-1]), name=f"image{size}")
