"""AC-GAN, whose discriminator also says the class of what it sees."""

import keras
from keras import layers
from keras.ops import sparse_categorical_crossentropy

from kerascnn.models.adversaries import ADAM, halved, normal, upsampled
from kerascnn.registry import Experiment, register
from kerascnn.training import GAN


@register(
    paper="https://arxiv.org/abs/1610.09585",
    tiny={"input_shape": (8, 8, 1), "latent_dim": 8, "filters": 4, "widths": (4, 8)},
    params=2_996_163,
    experiment=Experiment(
        data="digits",
        data_options={"size": 8},
        model_options={"filters": 32, "latent_dim": 32, "widths": (32, 64), "dropout": 0.0},
        epochs=100,
        learning_rate=1e-3,
        passes=("class_accuracy >= 0.95", "fdd <= 20", "cover >= 10"),
    ),
)
def ac_gan(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    *,
    num_classes: int = 10,
    latent_dim: int = 100,
    filters: int = 96,
    widths: tuple[int, ...] = (16, 32, 64, 128, 256, 512),
    dropout: float = 0.5,
    ema_decay: float | None = None,
) -> GAN:
    """Build AC-GAN, the one for images of 32 pixels: the classes go into the generator alone.

    The discriminator, every other convolution of which halves the sides, has a logit for real
    images and one for each class. Both networks raise the likelihood of the class of what was
    real and of what was generated.

    Differs from the paper: the generator's first layer is normalised too.

    Args:
        input_shape: Height, width and channels of the images, in [-1, 1]; equal sides that halve
            at least once to 4 or more pixels.
        num_classes: Number of classes.
        latent_dim: Number of latent variables, standard normal.
        filters: Channels of the generator next to the image, doubled at each halving.
        widths: Channels of the discriminator's convolutions.
        dropout: Share of the discriminator's channels dropped in training, in [0, 1).
        ema_decay: Decay of the average of the generator's weights that is deployed, in (0, 1);
            None deploys the generator itself.

    Returns:
        A `GAN`; its deployable generator maps `latent`, `(batch, latent_dim)`, and `label`, one-hot
        `(batch, num_classes)`, to images in [-1, 1] in float32.

    Raises:
        ValueError: If the sides differ or cannot be halved, or the discriminator has no layers.

    Example:
        >>> gan = ac_gan((32, 32, 3))
        >>> gan.compile()
        >>> gan.fit(images, labels, epochs=20)

    Reference:
        https://arxiv.org/abs/1610.09585
    """
    if not widths:
        raise ValueError("The discriminator needs convolutions. Received: widths=()")
    start, halvings = halved(input_shape)
    latent = keras.Input((latent_dim,), name="latent")
    label = keras.Input((num_classes,), name="label")
    x = layers.Concatenate(name="both")([latent, label])
    drawn = upsampled(x, start, input_shape[-1], [filters * 2**n for n in range(halvings)], 5)
    return ACGAN(
        keras.Model({"latent": latent, "label": label}, drawn, name="generator"),
        _discriminator(input_shape, num_classes, widths, dropout),
        loss="non_saturating",
        optimizer=ADAM,
        ema_decay=ema_decay,
        name="ac_gan",
    )


@keras.saving.register_keras_serializable(package="kerascnn")
class ACGAN(GAN):
    """Trains a generator against a discriminator that gives a logit, and logits of the classes.

    Takes the arguments of `GAN`.
    """

    def discriminator_loss(self, real, labels, latents, training=True):
        """Add what the classes of real and of generated images cost."""
        fake = keras.ops.stop_gradient(self.generate(latents, labels, training))
        (on_real, first), (on_fake, second) = (
            self.discriminator(images, training=training) for images in (real, fake)
        )
        nats = [sparse_categorical_crossentropy(labels, one, True) for one in (first, second)]
        return self.pair.discriminator(on_real, on_fake) + sum(nats)

    def generator_loss(self, real, labels, latents, training=True):
        """Add what the classes of generated images cost."""
        fake = self.generate(latents, labels, training)
        logits, classes = self.discriminator(fake, training=training)
        return self.pair.generator(logits) + sparse_categorical_crossentropy(labels, classes, True)


def _discriminator(input_shape, num_classes, widths, dropout):
    x = image = keras.Input(input_shape, name="image")
    for number, width in enumerate(widths, 1):
        options = {"padding": "same", "kernel_initializer": normal(), "name": f"conv{number}"}
        x = layers.Conv2D(width, 3, 1 + number % 2, **options)(x)
        if number > 1:
            x = layers.BatchNormalization(momentum=0.9, name=f"bn{number}")(x)
        x = layers.LeakyReLU(0.2, name=f"leaky_relu{number}")(x)
        x = layers.Dropout(dropout, name=f"dropout{number}")(x)
    x = layers.Flatten(name="flatten")(x)
    logit = layers.Dense(1, kernel_initializer=normal(), name="logit", dtype="float32")(x)
    classes = layers.Dense(
        num_classes, kernel_initializer=normal(), name="classes", dtype="float32"
    )(x)
    return keras.Model(image, [logit, classes], name="discriminator")
