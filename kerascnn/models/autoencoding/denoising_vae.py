"""The denoising variational autoencoder."""

import keras
from keras import layers

from kerascnn.layers import SaltAndPepper
from kerascnn.models.autoencoding.vae import variational
from kerascnn.models.coders import check_sides
from kerascnn.registry import Experiment, register

NOISES = {"salt_and_pepper": SaltAndPepper, "gaussian": layers.GaussianNoise}


@register(
    paper="https://arxiv.org/abs/1511.06406",
    tiny={"input_shape": (8, 8, 1), "latent_dim": 2, "filters": 4},
    params=228_905,
    experiment=Experiment(
        data="digits",
        data_options={"size": 8, "corruption": 0.3},
        model_options={"latent_dim": 16, "level": 0.2},
        epochs=200,
        passes=("nats <= 24.7", "probe >= 0.69"),
    ),
)
def denoising_vae(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    *,
    latent_dim: int = 20,
    filters: int = 32,
    noise: str = "salt_and_pepper",
    level: float = 0.1,
) -> keras.Model:
    """Build a variational autoencoder that sees noise in training, and draws the clean image.

    The encoder's posterior is that of the corrupted image; mixed over the noise, posteriors have
    more forms than one Gaussian. At inference there is no noise but that of the image itself.

    Differs from the paper: convolutions in place of two layers of 200 units.

    Args:
        input_shape: Height, width and channels of images in [0, 1]; sides divisible by 4.
        latent_dim: Number of latent variables.
        filters: Channels of the first convolution, doubled in the second.
        noise: `"salt_and_pepper"` or `"gaussian"`.
        level: Share of the pixels that become black or white, or standard deviation of the
            Gaussian noise; in (0, 1].

    Returns:
        A model from images `(batch, height, width, channels)` to a dict of `reconstruction`,
        images in [0, 1], and `posterior`, the mean and the logarithm of the variance side by
        side, `(batch, 2 * latent_dim)`, both in float32. Its layers `encoder` and `decoder` are
        models of their own: image to (mean, log variance), and latent variables to image.

    Raises:
        ValueError: If a side is not divisible by 4, or the noise or its level is none of these.

    Example:
        >>> denoising_vae().get_layer("noise").rate
        0.1

    Reference:
        https://arxiv.org/abs/1511.06406
    """
    check_sides(input_shape)
    if noise not in NOISES or not 0 < level <= 1:
        raise ValueError(
            f"noise must be one of {', '.join(NOISES)}, at a level in (0, 1]. "
            f"Received: noise={noise}, level={level}"
        )
    image = keras.Input(input_shape, name="image")
    seen = NOISES[noise](level, name="noise")(image)
    _, outputs = variational(seen, latent_dim, filters)
    return keras.Model(image, outputs, name="denoising_vae")
