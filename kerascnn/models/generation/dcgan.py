"""DCGAN, the all-convolutional generative adversarial network."""

import keras
from keras import layers

from kerascnn.models.generation.gan import ADAM
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
    start, halvings = _halve(input_shape)
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
    *inner, top = widths
    x = latent = keras.Input((latent_dim,), name="latent")
    x = layers.Dense(start * start * top, kernel_initializer=_normal(), name="project")(x)
    x = layers.Reshape((start, start, top), name="reshape")(x)
    for number, width in enumerate([*reversed(inner), channels]):
        x = layers.BatchNormalization(momentum=0.9, name=f"bn{number}")(x)
        x = layers.Activation("relu", name=f"relu{number}")(x)
        x = layers.Conv2DTranspose(
            width, kernel_size, 2, "same", kernel_initializer=_normal(), name=f"up{number + 1}"
        )(x)
    x = layers.Activation("tanh", name="image", dtype="float32")(x)
    return keras.Model(latent, x, name="generator")


def _discriminator(input_shape, widths, kernel_size):
    x = image = keras.Input(input_shape, name="image")
    for number, width in enumerate(widths, 1):
        x = layers.Conv2D(
            width, kernel_size, 2, "same", kernel_initializer=_normal(), name=f"down{number}"
        )(x)
        if number > 1:
            x = layers.BatchNormalization(momentum=0.9, name=f"bn{number}")(x)
        x = layers.LeakyReLU(0.2, name=f"leaky_relu{number}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(1, kernel_initializer=_normal(), name="logit", dtype="float32")(x)
    return keras.Model(image, x, name="discriminator")


def _normal():
    return keras.initializers.RandomNormal(stddev=0.02)


def _halve(input_shape: tuple[int, int, int]) -> tuple[int, int]:
    """Give the side at which the generator starts, and how often it doubles."""
    side, halvings = input_shape[0], 0
    while side % 2 == 0 and side >= 8:
        side, halvings = side // 2, halvings + 1
    if input_shape[0] != input_shape[1] or not halvings:
        raise ValueError(
            f"Sides must be equal, even and at least 8. Received: input_shape={tuple(input_shape)}"
        )
    return side, halvings
