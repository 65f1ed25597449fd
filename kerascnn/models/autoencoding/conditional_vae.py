"""The conditional variational autoencoder, which completes what it sees a part of."""

import keras
import numpy as np
from keras import layers, ops

from kerascnn.layers import GaussianSampling
from kerascnn.losses import bernoulli_nats, gaussian_kl
from kerascnn.models.coders import check_sides, gaussian, grow, shrink
from kerascnn.registry import Experiment, register
from kerascnn.training import Unsupervised


@register(
    paper="https://papers.nips.cc/paper/5775",
    tiny={"input_shape": (8, 8, 1), "latent_dim": 2, "filters": 4, "units": 8},
    params=4_971_421,
    experiment=Experiment(
        data="digits",
        data_options={"size": 16},
        model_options={"latent_dim": 16, "filters": 16, "units": 128},
        epochs=60,
        passes=("nats <= 100", "mse <= 0.04"),
    ),
)
def conditional_vae(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    *,
    quadrants: int = 1,
    latent_dim: int = 50,
    filters: int = 32,
    units: int = 500,
    alpha: float = 1.0,
) -> Unsupervised:
    """Build a conditional variational autoencoder, which sees part of an image and draws the rest.

    A prior network says from what is seen how the latent variables are distributed, a recognition
    network says so from the whole image in training, and a generation network draws from the
    latent variables and what is seen. The loss is the negative log likelihood of the pixels that
    are not seen, and the divergence of the posterior from the prior.

    Differs from the paper: convolutions, and no first guess by another network as an input.

    Args:
        input_shape: Height, width and channels of images in [0, 1]; sides divisible by 4.
        quadrants: How many are seen, 1 to 3: bottom left, top left and bottom right, in this order.
        latent_dim: Number of latent variables.
        filters: Channels of the first convolution, doubled in the second.
        units: Width of the hidden layers.
        alpha: Weight of this loss in (0, 1]; the rest is that of the paper's Gaussian stochastic
            network, which draws from samples of the prior, as it has to without the whole image.

    Returns:
        A model whose `deployable` is functional, from images `(batch, height, width, channels)`,
        of which it looks at the quadrants alone, to completed images of the same shape, in [0, 1]
        and float32, drawn at the mean of the prior. Its `network` has the layers `prior`, from
        the image, black where it is not seen, to (mean, log variance), and `generation`, from
        `[seen, latent]` to images.

    Raises:
        ValueError: If a side is not divisible by 4, or quadrants or alpha are out of range.

    Example:
        >>> conditional_vae(quadrants=2).deployable.output_shape
        (None, 28, 28, 1)

    Reference:
        https://papers.nips.cc/paper/5775
    """
    check_sides(input_shape)
    if quadrants not in (1, 2, 3) or not 0 < alpha <= 1:
        raise ValueError(
            "quadrants must be 1, 2 or 3, and alpha in (0, 1]. "
            f"Received: quadrants={quadrants}, alpha={alpha}"
        )
    image = keras.Input(input_shape, name="image")
    hidden = _hidden(input_shape, quadrants)
    seen = image * (1.0 - hidden)
    sizes = (latent_dim, filters, units)
    prior = _gaussian(seen, "prior", *sizes)(seen)
    both = layers.Concatenate(name="both")([seen, image])
    posterior = _gaussian(both, "recognition", *sizes)(both)
    generation = _generation(input_shape, *sizes)

    def nats(latent):
        return bernoulli_nats(image * hidden, generation([seen, latent]) * hidden)

    costs = [
        alpha * nats(GaussianSampling(name="sampling")(posterior)),
        alpha * gaussian_kl(None, _relative(posterior, prior)),
    ]
    if alpha < 1:
        costs.append((1 - alpha) * nats(GaussianSampling(name="prior_sampling")(prior)))
    completion = seen + generation([seen, prior[0]]) * hidden
    return Unsupervised(keras.Model(image, [completion, *costs]), name="conditional_vae")


def _hidden(input_shape, quadrants):
    """Give 1 for each pixel that is not seen, else 0, `(height, width, 1)`."""
    hidden = np.ones((2, 2, 1), "float32")
    for row, column in ((1, 0), (0, 0), (1, 1))[:quadrants]:
        hidden[row, column] = 0.0
    height, width, _ = input_shape
    return hidden.repeat(height // 2, axis=0).repeat(width // 2, axis=1)


def _gaussian(images, name, latent_dim, filters, units):
    """Make a network from images like these to the (mean, log variance) of latent variables."""
    image = keras.Input(images.shape[1:], name="image")
    x = layers.Dense(units, activation="relu", name="hidden")(shrink(image, filters))
    return keras.Model(image, gaussian(x, latent_dim), name=name)


def _generation(input_shape, latent_dim, filters, units):
    seen = keras.Input(input_shape, name="seen")
    latent = keras.Input((latent_dim,), name="latent")
    x = layers.Dense(units, activation="relu", name="hidden")(shrink(seen, filters))
    x = layers.Concatenate(name="both")([x, latent])
    both = keras.Input(x.shape[1:], name="both")
    decoder = keras.Model(both, grow(both, input_shape, filters), name="decoder")
    return keras.Model([seen, latent], decoder(x), name="generation")


def _relative(posterior, prior):
    """Give a Gaussian that is as far from the standard normal one as the first from the second."""
    (mean, log_var), (prior_mean, prior_log_var) = posterior, prior
    shift = (mean - prior_mean) * ops.exp(-0.5 * prior_log_var)
    return ops.concatenate([shift, log_var - prior_log_var], axis=-1)
