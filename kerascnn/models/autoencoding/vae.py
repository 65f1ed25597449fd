"""The variational autoencoder, with convolutions."""

import keras
from keras import layers

from kerascnn.layers import GaussianSampling
from kerascnn.models.coders import check_sides, gaussian, grow, shrink
from kerascnn.registry import Experiment, register


@register(
    paper="https://arxiv.org/abs/1312.6114",
    tiny={"input_shape": (8, 8, 1), "latent_dim": 2, "filters": 4},
    params=228_905,
    experiment=Experiment(
        data="digits",
        data_options={"size": 8},
        model_options={"latent_dim": 8},
        epochs=100,
        passes=("nats <= 24", "kl >= 1", "kl <= 10", "active_units >= 3"),
    ),
)
def vae(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    *,
    latent_dim: int = 20,
    filters: int = 32,
) -> keras.Model:
    """Build a variational autoencoder with two strided convolutions on each side.

    Trained with the sum of the reconstruction's negative log likelihood, summed over the pixels,
    and `kerascnn.losses.GaussianKL` of the posterior. In training the decoder sees a sample, at
    inference the mean.

    Differs from the paper: convolutions in place of one hidden layer of 500 units, ReLU of tanh.

    Args:
        input_shape: Height, width and channels of images in [0, 1]; sides divisible by 4.
        latent_dim: Number of latent variables.
        filters: Channels of the first convolution, doubled in the second.

    Returns:
        A model from images `(batch, height, width, channels)` to a dict of `reconstruction`,
        images in [0, 1], and `posterior`, the mean and the logarithm of the variance side by
        side, `(batch, 2 * latent_dim)`, both in float32. Its layers `encoder` and `decoder` are
        models of their own: image to (mean, log variance), and latent variables to image.

    Raises:
        ValueError: If a side is not divisible by 4.

    Example:
        >>> decoder = vae().get_layer("decoder")
        >>> decoder(keras.random.normal((3, 20))).shape
        (3, 28, 28, 1)

    Reference:
        https://arxiv.org/abs/1312.6114
    """
    check_sides(input_shape)
    image = keras.Input(input_shape, name="image")
    _, outputs = variational(image, latent_dim, filters)
    return keras.Model(image, outputs, name="vae")


def variational(
    image: keras.KerasTensor, latent_dim: int, filters: int
) -> tuple[keras.KerasTensor, dict[str, keras.KerasTensor]]:
    """Describe images by latent variables and draw them again, by models `encoder` and `decoder`.

    Args:
        image: What the encoder sees, `(batch, height, width, channels)`.
        latent_dim: Number of latent variables.
        filters: Channels of the first convolution, doubled in the second.

    Returns:
        The latent variables, drawn in training and their mean at inference, and the outputs of
        `vae`: the `reconstruction` and the `posterior`.
    """
    shape = image.shape[1:]
    mean, log_var = _encoder(shape, latent_dim, filters)(image)
    latent = GaussianSampling(name="sampling")((mean, log_var))
    return latent, {
        "reconstruction": _decoder(shape, latent_dim, filters)(latent),
        "posterior": layers.Concatenate(name="posterior", dtype="float32")([mean, log_var]),
    }


def _encoder(input_shape, latent_dim, filters):
    image = keras.Input(input_shape, name="image")
    return keras.Model(image, gaussian(shrink(image, filters), latent_dim), name="encoder")


def _decoder(input_shape, latent_dim, filters):
    latent = keras.Input((latent_dim,), name="latent")
    return keras.Model(latent, grow(latent, input_shape, filters), name="decoder")
