"""InfoGAN, which learns what to say about its images so that this can be seen in them."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from kerascnn.models.generation.ac_gan import class_nats
from kerascnn.models.generation.networks import ADAM, normal
from kerascnn.registry import Experiment, register
from kerascnn.training import GAN


@register(
    paper="https://arxiv.org/abs/1606.03657",
    tiny={"input_shape": (8, 8, 1), "latent_dim": 6, "categories": 3, "filters": 4, "units": 8},
    params=6_667_201,
    experiment=Experiment(
        data="digits",
        data_options={"size": 8},
        model_options={"filters": 16, "units": 128, "latent_dim": 32},
        epochs=100,
        learning_rate=1e-3,
        passes=("mutual_information >= 1.2", "cover >= 8"),
    ),
)
def info_gan(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    *,
    latent_dim: int = 62,
    categories: int = 10,
    codes: int = 2,
    filters: int = 64,
    units: int = 1024,
    category_weight: float = 1.0,
    code_weight: float = 0.1,
    ema_decay: float | None = None,
) -> GAN:
    """Build InfoGAN: a category and codes go into the generator, and come out of the discriminator.

    The discriminator's last layer but one also leads to a guess of the category and of the mean
    and variance of the codes. Both networks raise the likelihood of the true ones of what was
    generated, a bound on their mutual information with the image.

    Args:
        input_shape: Height, width and channels of the images, in [-1, 1]; sides divisible by 4.
        latent_dim: Number of latent variables that mean nothing, uniform in [-1, 1).
        categories: Number of categories, all equally likely.
        codes: Number of codes, uniform in [-1, 1).
        filters: Channels next to the image, and half of those before them.
        units: Width of the dense layers.
        category_weight: Weight of the information on the category, at least 0.
        code_weight: Weight of the information on the codes, at least 0.
        ema_decay: Decay of the average of the generator's weights that is deployed, in (0, 1);
            None deploys the generator itself.

    Returns:
        A `GAN`; its deployable generator maps `latent`, `(batch, latent_dim)`, `category`, one-hot
        `(batch, categories)`, and `code`, `(batch, codes)`, to images in [-1, 1] in float32.

    Raises:
        ValueError: If the sides are not divisible by 4, or a weight is negative.

    Example:
        >>> info_gan().generator.input["category"].shape
        (None, 10)

    Reference:
        https://arxiv.org/abs/1606.03657
    """
    if any(side % 4 for side in input_shape[:2]):
        raise ValueError(f"Sides must be divisible by 4. Received: input_shape={input_shape}")
    inputs = {
        name: keras.Input((width,), name=name)
        for name, width in (("latent", latent_dim), ("category", categories), ("code", codes))
    }
    return InfoGAN(
        keras.Model(inputs, _drawn(inputs, input_shape, filters, units), name="generator"),
        _discriminator(input_shape, filters, units, categories, codes),
        category_weight=category_weight,
        code_weight=code_weight,
        optimizer=ADAM,
        ema_decay=ema_decay,
        name="info_gan",
    )


@keras.saving.register_keras_serializable(package="kerascnn")
class InfoGAN(GAN):
    """Trains a generator whose `category` and `code` the discriminator is to guess.

    Args:
        generator: Model from `latent`, `category` and `code` to images.
        discriminator: Model from images to logits of being real, logits of the categories, and
            means and logarithms of the variances of the codes, `(batch, 2 * codes)`.
        category_weight: Weight of the information on the category, at least 0.
        code_weight: Weight of the information on the codes, at least 0.
        **kwargs: Further arguments of `GAN`.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        category_weight: float = 1.0,
        code_weight: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(generator, discriminator, **kwargs)
        if min(category_weight, code_weight) < 0:
            raise ValueError(
                "Weights must be at least 0. Received: "
                f"category_weight={category_weight}, code_weight={code_weight}"
            )
        self.category_weight = category_weight
        self.code_weight = code_weight

    def latents(self, count, noise=None):
        """Draw noise, a category and codes."""
        noise = noise or self.noise
        widths = {name: spec.shape[1] for name, spec in self.generator.input.items()}
        drawn = {name: 2.0 * noise.uniform((count, width)) - 1.0 for name, width in widths.items()}
        kinds = ops.cast(widths["category"] * noise.uniform((count,)), "int32")
        return {**drawn, "category": ops.one_hot(kinds, widths["category"])}

    def criticise(self, images, labels=None, training=None):
        """Give the logits of being real."""
        return self.discriminator(images, training=training)[0]

    def discriminator_loss(self, real, labels, latents, training=True):
        """Add what is not guessed of the generated images."""
        fake = ops.stop_gradient(self.generate(latents, labels, training))
        logits, *guess = self.discriminator(fake, training=training)
        losses = self.pair.discriminator(self.criticise(real, labels, training), logits)
        return losses + self._unknown(latents, *guess)

    def generator_loss(self, real, labels, latents, training=True):
        """Add what is not guessed of the images."""
        fake = self.generate(latents, labels, training)
        logits, *guess = self.discriminator(fake, training=training)
        return self.pair.generator(logits) + self._unknown(latents, *guess)

    def _unknown(self, latents, categories, codes):
        """Give the weighted nats of the true category and codes, `(batch,)`."""
        of_category = class_nats(ops.argmax(latents["category"], axis=-1), categories)
        mean, log_var = ops.split(codes, 2, axis=-1)
        error = latents["code"] - mean
        nats = log_var + error * error * ops.exp(-log_var) + np.log(2 * np.pi)
        return self.category_weight * of_category + self.code_weight * 0.5 * ops.sum(nats, axis=-1)


def _drawn(inputs, input_shape, filters, units):
    rows, columns = input_shape[0] // 4, input_shape[1] // 4
    x = layers.Concatenate(name="all")(list(inputs.values()))
    for number, width in enumerate((units, rows * columns * 2 * filters), 1):
        x = layers.Dense(width, kernel_initializer=normal(), name=f"dense{number}")(x)
        x = _normalized(x, f"dense{number}", "relu")
    x = layers.Reshape((rows, columns, 2 * filters), name="reshape")(x)
    options = {"strides": 2, "padding": "same", "kernel_initializer": normal()}
    x = layers.Conv2DTranspose(filters, 4, name="up1", **options)(x)
    x = layers.Conv2DTranspose(input_shape[-1], 4, name="up2", **options)(
        _normalized(x, "up1", "relu")
    )
    return layers.Activation("tanh", name="image", dtype="float32")(x)


def _discriminator(input_shape, filters, units, categories, codes):
    image = keras.Input(input_shape, name="image")
    options = {"strides": 2, "padding": "same", "kernel_initializer": normal()}
    x = layers.LeakyReLU(0.1)(layers.Conv2D(filters, 4, name="down1", **options)(image))
    x = _normalized(layers.Conv2D(2 * filters, 4, name="down2", **options)(x), "down2")
    x = layers.Flatten(name="flatten")(x)
    x = _normalized(layers.Dense(units, kernel_initializer=normal(), name="dense")(x), "dense")
    guess = layers.Dense(units // 8, kernel_initializer=normal(), name="guess")(x)
    guess = _normalized(guess, "guess")
    outputs = [
        layers.Dense(width, kernel_initializer=normal(), name=name, dtype="float32")(given)
        for given, width, name in (
            (x, 1, "logit"),
            (guess, categories, "categories"),
            (guess, 2 * codes, "codes"),
        )
    ]
    return keras.Model(image, outputs, name="discriminator")


def _normalized(x, name, activation=None):
    x = layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
    return layers.Activation(activation or layers.LeakyReLU(0.1), name=f"{name}_activation")(x)
