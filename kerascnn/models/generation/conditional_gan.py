"""The conditional GAN: both networks know the class of the image."""

import math

import keras
from keras import layers

from kerascnn.layers import Maxout
from kerascnn.models.adversaries import ADAM
from kerascnn.registry import Experiment, register
from kerascnn.training import GAN

_PIECES = (5, 5, 4)  # of the maxout units of the image, of the label, and of both


@register(
    paper="https://arxiv.org/abs/1411.1784",
    tiny={
        "input_shape": (8, 8, 1),
        "latent_dim": 8,
        "units": (8, 16, 24),
        "maxout_units": (8, 4, 8),
    },
    params=2_413_984,
    experiment=Experiment(
        data="digits",
        data_options={"size": 8},
        model_options={
            "latent_dim": 32,
            "units": (64, 64, 256),
            "maxout_units": (64, 64, 128),
            "dropout": 0.0,
        },
        epochs=200,
        learning_rate=1e-3,
        passes=("class_accuracy >= 0.9", "fdd <= 20", "cover >= 10"),
    ),
)
def conditional_gan(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    *,
    num_classes: int = 10,
    latent_dim: int = 100,
    units: tuple[int, int, int] = (200, 1000, 1200),
    maxout_units: tuple[int, int, int] = (240, 50, 240),
    dropout: float = 0.5,
    ema_decay: float | None = None,
) -> GAN:
    """Build the conditional GAN: dense layers for the label beside those for noise and image.

    Differs from the paper: Adam in place of stochastic gradient descent with a rising momentum,
    images in [-1, 1] behind a tanh, and latent variables of a normal distribution.

    Args:
        input_shape: Height, width and channels of the images, in [-1, 1].
        num_classes: Number of classes.
        latent_dim: Number of latent variables, standard normal.
        units: Widths of the generator's hidden layers: of the noise, of the label, and of both.
        maxout_units: Widths of the discriminator's: of the image, of the label, and of both.
        dropout: Share of the hidden units dropped in training, in [0, 1).
        ema_decay: Decay of the average of the generator's weights that is deployed, in (0, 1);
            None deploys the generator itself.

    Returns:
        A `GAN`; its deployable generator maps `latent`, `(batch, latent_dim)`, and `label`, one-hot
        `(batch, num_classes)`, to images in [-1, 1] in float32.

    Raises:
        ValueError: If there are not three widths each, or a number is out of its range.

    Example:
        >>> gan = conditional_gan((28, 28, 1))
        >>> gan.compile()
        >>> gan.fit(images, labels, epochs=20)

    Reference:
        https://arxiv.org/abs/1411.1784
    """
    if len(units) != 3 or len(maxout_units) != 3:
        raise ValueError(
            "Both networks have three hidden layers. "
            f"Received: units={tuple(units)}, maxout_units={tuple(maxout_units)}"
        )
    return GAN(
        _generator(input_shape, num_classes, latent_dim, units, dropout),
        _discriminator(input_shape, num_classes, maxout_units, dropout),
        loss="non_saturating",
        optimizer=ADAM,
        ema_decay=ema_decay,
        name="conditional_gan",
    )


def _generator(input_shape, num_classes, latent_dim, units, dropout):
    latent = keras.Input((latent_dim,), name="latent")
    label = keras.Input((num_classes,), name="label")
    of_latent, of_label, of_both = units
    noise = layers.Dense(of_latent, activation="relu", name="latent_dense")(latent)
    wanted = layers.Dense(of_label, activation="relu", name="label_dense")(label)
    x = layers.Concatenate(name="both")([noise, wanted])
    x = layers.Dropout(dropout, name="both_dropout")(x)
    x = layers.Dense(of_both, activation="relu", name="both_dense")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Dense(math.prod(input_shape), name="pixels")(x)
    x = layers.Reshape(input_shape, name="reshape")(x)
    x = layers.Activation("tanh", name="image", dtype="float32")(x)
    return keras.Model({"latent": latent, "label": label}, x, name="generator")


def _discriminator(input_shape, num_classes, units, dropout):
    image = keras.Input(input_shape, name="image")
    label = keras.Input((num_classes,), name="label")
    given = {"image": layers.Flatten(name="flatten")(image), "label": label}
    widths = dict(zip(("image", "label", "both"), zip(units, _PIECES, strict=True), strict=True))
    x = layers.Concatenate(name="both")(
        [_maxout(value, *widths[name], name, dropout) for name, value in given.items()]
    )
    x = _maxout(x, *widths["both"], "both", dropout)
    x = layers.Dense(1, name="logit", dtype="float32")(x)
    return keras.Model({"image": image, "label": label}, x, name="discriminator")


def _maxout(x, units, pieces, name, dropout):
    x = layers.Dense(units * pieces, name=f"{name}_dense")(x)
    x = Maxout(pieces, name=f"{name}_maxout")(x)
    return layers.Dropout(dropout, name=f"{name}_dropout")(x)
