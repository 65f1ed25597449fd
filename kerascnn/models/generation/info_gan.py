"""InfoGAN, which learns what to say about its images so that this can be seen in them."""

import keras
from keras import layers, ops

from kerascnn.models.adversaries import ADAM, normal, normalized
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

    It guesses the category, and mean and variance of the codes. Both networks raise the likelihood
    of the true ones of what was generated, a bound on their information on the image.

    Args:
        input_shape: Height, width and channels of the images, in [-1, 1]; sides divisible by 4.
        latent_dim: Number of latent variables that mean nothing, uniform in [-1, 1).
        categories: Number of categories, all equally likely.
        codes: Number of codes, uniform in [-1, 1).
        filters: Channels next to the image, and half of those before them.
        units: Width of the dense layers.
        category_weight: Weight of the information on the category, at least 0.
        code_weight: That of the information on the codes.
        ema_decay: Decay of the average of the generator that is deployed, in (0, 1); None for none.

    Returns:
        A `GAN`; its deployable generator maps `latent`, `(batch, latent_dim)`, `category`, one-hot
        `(batch, categories)`, and `code`, `(batch, codes)`, to images in [-1, 1] in float32.

    Raises:
        ValueError: If the sides are not divisible by 4, or a weight is negative.

    Reference:
        https://arxiv.org/abs/1606.03657
    """
    if any(side % 4 for side in input_shape[:2]):
        raise ValueError(f"Sides must be divisible by 4. Received: input_shape={input_shape}")
    widths = {"latent": latent_dim, "category": categories, "code": codes}
    inputs = {name: keras.Input((width,), name=name) for name, width in widths.items()}
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
    """Trains a generator whose category and codes the discriminator is to guess.

    The generator takes `latent`, `category` and `code`. The discriminator gives the logit of being
    real, logits of the categories, and means and logarithms of variances of the codes. Takes both
    weights of `info_gan`, and the arguments of `GAN`.
    """

    def __init__(self, generator, discriminator, *, category_weight=1.0, code_weight=0.1, **kwargs):
        super().__init__(generator, discriminator, **kwargs)
        if min(category_weight, code_weight) < 0:
            given = f"category_weight={category_weight}, code_weight={code_weight}"
            raise ValueError(f"Weights must be at least 0. Received: {given}")
        self.category_weight = category_weight
        self.code_weight = code_weight

    def latents(self, count, noise=None):
        """Draw noise, a category and codes."""
        noise = noise or self.noise
        widths = {name: spec.shape[1] for name, spec in self.generator.input.items()}
        drawn = {name: 2.0 * noise.uniform((count, width)) - 1.0 for name, width in widths.items()}
        kinds = ops.cast(widths["category"] * noise.uniform((count,)), "int32")
        return {**drawn, "category": ops.one_hot(kinds, widths["category"])}

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
        """Give the weighted nats of the true category and codes, but for a constant."""
        of_category = ops.categorical_crossentropy(latents["category"], categories, True)
        mean, log_var = ops.split(codes, 2, axis=-1)
        error = latents["code"] - mean
        of_code = 0.5 * ops.sum(log_var + error * error * ops.exp(-log_var), axis=-1)
        return self.category_weight * of_category + self.code_weight * of_code


def _drawn(inputs, input_shape, filters, units):
    rows, columns = input_shape[0] // 4, input_shape[1] // 4
    x = layers.Concatenate(name="all")(list(inputs.values()))
    for name, width in (("dense1", units), ("dense2", rows * columns * 2 * filters)):
        x = layers.Dense(width, kernel_initializer=normal(), name=name)(x)
        x = normalized(x, name, "relu")
    x = layers.Reshape((rows, columns, 2 * filters), name="reshape")(x)
    options = {"strides": 2, "padding": "same", "kernel_initializer": normal()}
    x = normalized(layers.Conv2DTranspose(filters, 4, name="up1", **options)(x), "up1", "relu")
    x = layers.Conv2DTranspose(input_shape[-1], 4, name="up2", **options)(x)
    return layers.Activation("tanh", name="image", dtype="float32")(x)


def _discriminator(input_shape, filters, units, categories, codes):
    image = keras.Input(input_shape, name="image")
    options = {"strides": 2, "padding": "same", "kernel_initializer": normal()}
    x = layers.LeakyReLU(0.1)(layers.Conv2D(filters, 4, name="down1", **options)(image))
    x = normalized(layers.Conv2D(2 * filters, 4, name="down2", **options)(x), "down2")
    x = layers.Flatten(name="flatten")(x)
    x = normalized(layers.Dense(units, kernel_initializer=normal(), name="dense")(x), "dense")
    guess = layers.Dense(units // 8, kernel_initializer=normal(), name="guess")(x)
    given = {"logit": x} | dict.fromkeys(("categories", "codes"), normalized(guess, "guess"))
    outputs = [
        layers.Dense(width, kernel_initializer=normal(), name=name, dtype="float32")(given[name])
        for name, width in (("logit", 1), ("categories", categories), ("codes", 2 * codes))
    ]
    return keras.Model(image, outputs, name="discriminator")
