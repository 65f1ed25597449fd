"""BiGAN, which also learns the way back from images to latent variables."""

import math
from typing import Any

import keras
from keras import layers

from kerascnn.models.adversaries import ADAM, normal, normalized
from kerascnn.registry import Experiment, register
from kerascnn.training import GAN


@register(
    paper="https://arxiv.org/abs/1605.09782",
    tiny={"input_shape": (8, 8, 1), "latent_dim": 4, "units": 16},
    params=3_826_498,
    experiment=Experiment(
        data="digits",
        data_options={"size": 8},
        model_options={"latent_dim": 8, "units": 256},
        epochs=250,
        learning_rate=1e-3,
        passes=("reconstruction_error <= 0.55", "cover >= 10", "fdd <= 30"),
    ),
)
def bigan(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    *,
    latent_dim: int = 50,
    units: int = 1024,
    ema_decay: float | None = None,
) -> GAN:
    """Build BiGAN: an encoder learns the inverse of the generator.

    The discriminator judges pairs, of a real image and its code or of latent variables and what
    was generated of them. Generator and encoder together try to make the two alike, which they
    are only where each undoes the other. All three networks have two hidden dense layers.

    Args:
        input_shape: Height, width and channels of the images, in [-1, 1].
        latent_dim: Number of latent variables, uniform in [-1, 1).
        units: Width of the hidden layers.
        ema_decay: Decay of the average of the generator that is deployed, in (0, 1); None for none.

    Returns:
        A `GAN`; it deploys a `generator` from `(batch, latent_dim)` to images in [-1, 1], and an
        `encoder` from such images to `(batch, latent_dim)`, both in float32.

    Raises:
        ValueError: If a number is out of its range.

    Example:
        >>> gan = bigan((28, 28, 1))
        >>> gan.compile()
        >>> gan.fit(images, epochs=20)
        >>> codes = gan.deployable["encoder"].predict(images)

    Reference:
        https://arxiv.org/abs/1605.09782
    """
    latent = keras.Input((latent_dim,), name="latent")
    image = keras.Input(input_shape, name="image")
    x = layers.Reshape(input_shape, name="reshape")(_mlp(latent, units, math.prod(input_shape)))
    drawn = layers.Activation("tanh", name="drawn", dtype="float32")(x)
    x = _mlp(layers.Flatten(name="flatten")(image), units, latent_dim)
    code = layers.Activation("linear", name="code", dtype="float32")(x)
    return BiGAN(
        keras.Model(latent, drawn, name="generator"),
        _discriminator(input_shape, latent_dim, units),
        keras.Model(image, code, name="encoder"),
        loss="non_saturating",
        optimizer=ADAM,
        ema_decay=ema_decay,
        name="bigan",
    )


@keras.saving.register_keras_serializable(package="kerascnn")
class BiGAN(GAN):
    """Trains a generator and an encoder against a discriminator of pairs.

    Args:
        generator: Model from latent variables, uniform in [-1, 1), to images.
        discriminator: Model from `image` and `latent` to logits, high for real images.
        encoder: Model from images to latent variables.
        **kwargs: Further arguments of `GAN`.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        encoder: keras.Model,
        **kwargs: Any,
    ) -> None:
        super().__init__(generator, discriminator, **kwargs)
        self.encoder = encoder

    @property
    def deployable(self):
        """The generator and the encoder."""
        return {"generator": self.drawer, "encoder": self.encoder}

    @property
    def sides(self):
        """Add the encoder to the generator's side."""
        return {**super().sides, "generator": [self.generator, self.encoder]}

    def latents(self, count, noise=None):
        """Draw uniform numbers in [-1, 1)."""
        noise = noise or self.noise
        return 2.0 * noise.uniform((count, *self.generator.input_shape[1:])) - 1.0

    def discriminator_loss(self, real, labels, latents, training=True):
        """Tell real images with their codes from generated ones with what they came from."""
        return self.pair.discriminator(*self._scores(real, latents, training))

    def generator_loss(self, real, labels, latents, training=True):
        """Swap the two for the discriminator."""
        return self.pair.discriminator(*reversed(self._scores(real, latents, training)))

    def criticise_pair(self, image, latent, training=None):
        """Give the logits of pairs, `(batch, 1)`."""
        return self.discriminator({"image": image, "latent": latent}, training=training)

    def _scores(self, real, latents, training):
        code = self.encoder(real, training=training)
        fake = self.generator(latents, training=training)
        pairs = (real, code), (fake, latents)
        return [self.criticise_pair(*pair, training) for pair in pairs]


def _discriminator(input_shape, latent_dim, units):
    image, latent = (
        keras.Input(input_shape, name="image"),
        keras.Input((latent_dim,), name="latent"),
    )
    x = layers.Concatenate(name="pair")([layers.Flatten(name="flatten")(image), latent])
    for number in (1, 2):
        x = layers.Dense(units, kernel_initializer=normal(), name=f"dense{number}")(x)
        x = layers.LeakyReLU(0.2, name=f"leaky_relu{number}")(x)
    x = layers.Dense(1, kernel_initializer=normal(), name="logit", dtype="float32")(x)
    return keras.Model({"image": image, "latent": latent}, x, name="discriminator")


def _mlp(x, units, outputs):
    for name in ("dense1", "dense2"):
        x = normalized(layers.Dense(units, kernel_initializer=normal(), name=name)(x), name)
    return layers.Dense(outputs, kernel_initializer=normal(), name="dense3")(x)
