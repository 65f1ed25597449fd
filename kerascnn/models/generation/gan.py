"""The first generative adversarial network, of dense layers."""

import math

import keras
from keras import layers

from kerascnn.layers import Maxout
from kerascnn.models.adversaries import ADAM
from kerascnn.registry import Experiment, register
from kerascnn.training import GAN


@register(
    paper="https://arxiv.org/abs/1406.2661",
    tiny={"input_shape": (8, 8, 1), "latent_dim": 8, "units": (16, 16), "maxout_units": (4, 4)},
    params=2_503_984,
    experiment=Experiment(
        data="digits",
        data_options={"size": 8},
        model_options={
            "latent_dim": 32,
            "units": (128, 128),
            "maxout_units": (64, 64),
            "pieces": 2,
            "dropout": 0.0,
            "input_dropout": 0.0,
        },
        epochs=300,
        passes=("fdd <= 20", "cover >= 10", "entropy >= 0.9"),
    ),
)
def gan(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    *,
    latent_dim: int = 100,
    units: tuple[int, ...] = (1200, 1200),
    maxout_units: tuple[int, ...] = (240, 240),
    pieces: int = 5,
    dropout: float = 0.5,
    input_dropout: float = 0.2,
    ema_decay: float | None = None,
) -> GAN:
    """Build the original GAN: a generator of rectified units, a discriminator of maxout units.

    The generator lowers `-log D(G(z))`, as the paper advises. Both have an Adam optimizer.

    Differs from the paper: Adam in place of stochastic gradient descent with a rising momentum,
    images in [-1, 1] behind a tanh, and latent variables of a normal distribution.

    Args:
        input_shape: Height, width and channels of the images, in [-1, 1].
        latent_dim: Number of latent variables, standard normal.
        units: Widths of the generator's hidden layers.
        maxout_units: Widths of the discriminator's hidden layers.
        pieces: Linear pieces of each maxout unit, at least 1.
        dropout: Share of the discriminator's hidden units dropped in training, in [0, 1).
        input_dropout: Share of the pixels that it drops, in [0, 1).
        ema_decay: Decay of the average of the generator's weights that is deployed, in (0, 1);
            None deploys the generator itself.

    Returns:
        A `GAN`; its deployable generator maps `(batch, latent_dim)` to images in [-1, 1] in
        float32.

    Raises:
        ValueError: If there are no hidden layers, or a number is out of its range.

    Example:
        >>> gan().discriminator.count_params()
        1231441

    Reference:
        https://arxiv.org/abs/1406.2661
    """
    if not units or not maxout_units:
        raise ValueError(
            "Both networks need hidden layers. "
            f"Received: units={tuple(units)}, maxout_units={tuple(maxout_units)}"
        )
    return GAN(
        _generator(input_shape, latent_dim, units),
        _discriminator(input_shape, maxout_units, pieces, dropout, input_dropout),
        loss="non_saturating",
        optimizer=ADAM,
        ema_decay=ema_decay,
        name="gan",
    )


def _generator(input_shape, latent_dim, units):
    x = latent = keras.Input((latent_dim,), name="latent")
    for number, width in enumerate(units, 1):
        x = layers.Dense(width, name=f"dense{number}", activation="relu")(x)
    x = layers.Dense(math.prod(input_shape), name="pixels")(x)
    x = layers.Reshape(input_shape, name="reshape")(x)
    x = layers.Activation("tanh", name="image", dtype="float32")(x)
    return keras.Model(latent, x, name="generator")


def _discriminator(input_shape, units, pieces, dropout, input_dropout):
    image = keras.Input(input_shape, name="image")
    x = layers.Flatten(name="flatten")(image)
    x = layers.Dropout(input_dropout, name="pixel_dropout")(x)
    for number, width in enumerate(units, 1):
        x = layers.Dense(width * pieces, name=f"dense{number}")(x)
        x = Maxout(pieces, name=f"maxout{number}")(x)
        x = layers.Dropout(dropout, name=f"dropout{number}")(x)
    x = layers.Dense(1, name="logit", dtype="float32")(x)
    return keras.Model(image, x, name="discriminator")
