"""DCGAN, the all-convolutional generative adversarial network."""

import keras
from keras import layers

from kerascnn.models.adversaries import ADAM, downsampled, halved, normal, upsampled
from kerascnn.registry import Experiment, register
from kerascnn.training import GAN


@register(
    paper="https://arxiv.org/abs/1511.06434",
    tiny={"input_shape": (16, 16, 1), "latent_dim": 8, "filters": 4},
    params=18_876_163,
    experiment=Experiment(
        data="digits",
        data_options={"size": 16},
        model_options={"filters": 32, "latent_dim": 64},
        epochs=75,
        passes=("fdd <= 25", "cover >= 10", "entropy >= 0.9"),
    ),
)
def dcgan(
    input_shape: tuple[int, int, int] = (64, 64, 3),
    *,
    latent_dim: int = 100,
    filters: int = 128,
    kernel_size: int = 5,
    ema_decay: float | None = None,
) -> GAN:
    """Build DCGAN: a generator of transposed convolutions and a mirrored discriminator.

    Batch normalisation everywhere but at the generator's output and the discriminator's input and
    output; ReLU and tanh in the generator, LeakyReLU in the discriminator; Adam with a learning
    rate of 2e-4 and a momentum of 0.5.

    Args:
        input_shape: Height, width and channels of the images, in [-1, 1]; equal sides that halve
            at least once to 4 or more pixels, such as 16, 28, 32 or 64.
        latent_dim: Number of latent variables, standard normal.
        filters: Channels next to the image, doubled at each halving of the sides.
        kernel_size: Side of the kernels, in pixels.
        ema_decay: Decay of the average of the generator's weights that is deployed, in (0, 1);
            None deploys the generator itself.

    Returns:
        A `GAN`; its deployable generator maps `(batch, latent_dim)` to images in [-1, 1] in
        float32.

    Raises:
        ValueError: If the sides differ or cannot be halved.

    Example:
        >>> gan = dcgan((28, 28, 1))
        >>> gan.compile()
        >>> gan.fit(images, epochs=20)

    Reference:
        https://arxiv.org/abs/1511.06434
    """
    start, halvings = halved(input_shape)
    widths = [filters * 2**level for level in range(halvings)]
    return GAN(
        _generator(start, input_shape[-1], widths, latent_dim, kernel_size),
        _discriminator(input_shape, widths, kernel_size),
        loss="non_saturating",
        optimizer=ADAM,
        ema_decay=ema_decay,
        name="dcgan",
    )


def _generator(start, channels, widths, latent_dim, kernel_size):
    latent = keras.Input((latent_dim,), name="latent")
    image = upsampled(latent, start, channels, widths, kernel_size)
    return keras.Model(latent, image, name="generator")


def _discriminator(input_shape, widths, kernel_size):
    image = keras.Input(input_shape, name="image")
    x = layers.Flatten(name="flatten")(downsampled(image, widths, kernel_size))
    x = layers.Dense(1, kernel_initializer=normal(), name="logit", dtype="float32")(x)
    return keras.Model(image, x, name="discriminator")
