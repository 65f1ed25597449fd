"""EBGAN, whose discriminator is an autoencoder: its error is an energy, low where data is."""

from typing import Any

import keras
from keras import layers, ops

from kerascnn.losses.distances import root
from kerascnn.models.adversaries import ADAM, downsampled, halved, normal, upsampled
from kerascnn.registry import Experiment, register
from kerascnn.training import GAN


@register(
    paper="https://arxiv.org/abs/1609.03126",
    tiny={"input_shape": (8, 8, 1), "latent_dim": 8, "filters": 4},
    params=12_679_555,
    experiment=Experiment(
        data="digits",
        data_options={"size": 8},
        model_options={"filters": 24, "latent_dim": 32},
        epochs=150,
        learning_rate=1e-3,
        passes=("fdd <= 30", "cover >= 10", "entropy >= 0.9"),
    ),
)
def ebgan(
    input_shape: tuple[int, int, int] = (64, 64, 3),
    *,
    latent_dim: int = 100,
    filters: int = 64,
    kernel_size: int = 4,
    margin: float = 0.15,
    pulling_away: float = 0.1,
    ema_decay: float | None = None,
) -> GAN:
    """Build EBGAN: DCGAN's generator against an autoencoder of strided convolutions.

    The energy of an image is its mean squared difference from what the autoencoder makes of it.
    The discriminator lowers that of real images, and raises that of generated ones up to the
    margin. The generator lowers the energy of its images, and the likeness of their codes.

    Differs from the paper: its energy is not a mean, so that its margin was 20 for faces.

    Args:
        input_shape: Height, width and channels of the images, in [-1, 1]; equal sides that halve
            at least once to 4 or more pixels.
        latent_dim: Number of latent variables, standard normal.
        filters: Channels of the autoencoder next to the image, doubled at each halving, up to
            three; the generator has twice as many.
        kernel_size: Side of the kernels, in pixels.
        margin: Energy up to which generated images are pushed, above 0.
        pulling_away: Weight of the likeness of codes, at least 0.
        ema_decay: Decay of the average of the generator's weights that is deployed, in (0, 1);
            None deploys the generator itself.

    Returns:
        A `GAN`; its deployable generator maps `(batch, latent_dim)` to images in [-1, 1] in
        float32.

    Raises:
        ValueError: If the sides differ or cannot be halved, or a number is out of its range.

    Example:
        >>> gan = ebgan((32, 32, 3), margin=0.3)
        >>> gan.compile()
        >>> gan.fit(images, epochs=20)

    Reference:
        https://arxiv.org/abs/1609.03126
    """
    start, halvings = halved(input_shape)
    latent = keras.Input((latent_dim,), name="latent")
    widths = [2 * filters * 2**level for level in range(halvings)]
    drawn = upsampled(latent, start, input_shape[-1], widths, kernel_size)
    return EBGAN(
        keras.Model(latent, drawn, name="generator"),
        _autoencoder(input_shape, [filters * 2**n for n in range(min(halvings, 3))], kernel_size),
        pulling_away=pulling_away,
        loss="energy",
        loss_options={"margin": margin},
        optimizer=ADAM,
        ema_decay=ema_decay,
        name="ebgan",
    )


@keras.saving.register_keras_serializable(package="kerascnn")
class EBGAN(GAN):
    """Trains a generator to draw what an autoencoder can draw again.

    Args:
        generator: Model from latent variables to images.
        discriminator: Model from images to what it makes of them, and codes.
        pulling_away: Weight of the likeness of the codes of a batch, at least 0.
        **kwargs: Further arguments of `GAN`.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        pulling_away: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(generator, discriminator, **kwargs)
        if pulling_away < 0:
            raise ValueError(f"pulling_away must be at least 0. Received: {pulling_away}")
        self.pulling_away = pulling_away

    def criticise(self, images, labels=None, training=None):
        """Give the energies of images, `(batch, 1)`."""
        drawn, _ = self.discriminator(images, training=training)
        errors = ops.reshape(ops.cast(drawn - images, "float32"), (ops.shape(images)[0], -1))
        return ops.mean(errors * errors, axis=-1, keepdims=True)

    def generator_loss(self, real, labels, latents, training=True):
        """Add the likeness of the codes to the energies."""
        fake = self.generate(latents, labels, training)
        _, codes = self.discriminator(fake, training=training)
        energies = self.pair.generator(self.criticise(fake, labels, training))
        return energies + self.pulling_away * likeness(codes)


def likeness(codes):
    """Give the mean squared cosine between each code and all others, `(batch,)`.

    0 for codes at right angles, 1 for equal ones, and for a batch of one 0.
    """
    count = ops.shape(codes)[0]
    codes = ops.reshape(ops.cast(codes, "float32"), (count, -1))
    unit = codes / ops.maximum(root(ops.sum(codes * codes, axis=-1, keepdims=True)), 1e-12)
    cosines = ops.matmul(unit, ops.transpose(unit))
    others = ops.maximum(ops.cast(count, "float32") - 1.0, 1.0)
    return (ops.sum(cosines * cosines, axis=-1) - ops.sum(unit * unit, axis=-1)) / others


def _autoencoder(input_shape, widths, kernel_size):
    image = keras.Input(input_shape, name="image")
    x = codes = downsampled(image, widths, kernel_size)
    for number, width in enumerate([*reversed(widths[:-1]), input_shape[-1]], 1):
        if number > 1:
            x = layers.BatchNormalization(momentum=0.9, name=f"decoder_bn{number}")(x)
            x = layers.LeakyReLU(0.2, name=f"decoder_leaky_relu{number}")(x)
        x = layers.Conv2DTranspose(
            width, kernel_size, 2, "same", kernel_initializer=normal(), name=f"up{number}"
        )(x)
    drawn = layers.Activation("linear", name="drawn", dtype="float32")(x)
    return keras.Model(image, [drawn, codes], name="discriminator")
