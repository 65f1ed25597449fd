"""The semi-supervised GAN, whose discriminator is a classifier with one more class: generated."""

from typing import Any

import keras
from keras import layers, ops

from kerascnn.models.adversaries import ADAM, downsampled, halved, normal, upsampled
from kerascnn.registry import Experiment, register
from kerascnn.training import GAN


@register(
    paper="https://arxiv.org/abs/1606.01583",
    tiny={"input_shape": (8, 8, 1), "num_classes": 3, "latent_dim": 8, "filters": 4},
    params=1_110_539,
    experiment=Experiment(
        data="digits",
        data_options={"size": 16, "labelled": 5},
        model_options={"latent_dim": 32, "filters": 32, "supervision": 20.0},
        epochs=75,
        learning_rate=1e-3,
        passes=("accuracy >= 0.92", "cover >= 8"),
    ),
)
def semi_supervised_gan(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    *,
    num_classes: int = 10,
    latent_dim: int = 100,
    filters: int = 64,
    kernel_size: int = 5,
    dropout: float = 0.3,
    supervision: float = 1.0,
    ema_decay: float | None = None,
) -> GAN:
    """Build the semi-supervised GAN: a classifier that learns from images without a label too.

    The discriminator tells the classes of real images and generated ones apart. Of an image
    without a label it only learns that it is real, of whatever class.

    Args:
        input_shape: Height, width and channels of the images, in [-1, 1]; equal sides that halve
            at least once to 4 or more pixels.
        num_classes: Number of classes.
        latent_dim: Number of latent variables, standard normal.
        filters: Channels next to the image, doubled at each halving of the sides.
        kernel_size: Side of the kernels, in pixels.
        dropout: Share of the discriminator's channels dropped in training, in [0, 1).
        supervision: Weight of the class of a labelled image, such as the number of all images to
            each of them.
        ema_decay: Decay of the average of the generator that is deployed, in (0, 1); None for none.

    Returns:
        A `GAN`, trained with integer labels of which -1 is none; it deploys a `generator` from
        `(batch, latent_dim)` to images in [-1, 1], and a `classifier` from such images to
        probabilities, `(batch, num_classes)`, both in float32.

    Raises:
        ValueError: If the sides differ or cannot be halved, or a number is out of its range.

    Example:
        >>> gan = semi_supervised_gan((28, 28, 1), supervision=20.0)
        >>> gan.compile()
        >>> gan.fit(images, labels, epochs=20)
        >>> probabilities = gan.deployable["classifier"].predict(images)

    Reference:
        https://arxiv.org/abs/1606.01583
    """
    start, halvings = halved(input_shape)
    widths = [filters * 2**level for level in range(halvings)]
    latent = keras.Input((latent_dim,), name="latent")
    drawn = upsampled(latent, start, input_shape[-1], widths, kernel_size)
    return SemiSupervisedGAN(
        keras.Model(latent, drawn, name="generator"),
        _discriminator(input_shape, num_classes, widths, kernel_size, dropout),
        supervision=supervision,
        loss="non_saturating",
        optimizer=ADAM,
        ema_decay=ema_decay,
        name="semi_supervised_gan",
    )


@keras.saving.register_keras_serializable(package="kerascnn")
class SemiSupervisedGAN(GAN):
    """Trains a generator against a classifier that has a class for generated images.

    Args:
        generator: Model from latent variables to images.
        discriminator: Model from images to logits of the classes, and of being generated.
        supervision: Weight of the class of an image with a label, above 0.
        **kwargs: Further arguments of `GAN`.
    """

    needs_labels = True

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        supervision: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(generator, discriminator, **kwargs)
        if not supervision > 0:
            raise ValueError(f"supervision must be above 0. Received: supervision={supervision}")
        self.supervision = supervision
        classes, _ = discriminator.output
        probabilities = layers.Softmax(name="probabilities", dtype="float32")(classes)
        self.classifier = keras.Model(discriminator.input, probabilities, name="classifier")

    @property
    def deployable(self):
        """The generator and the classifier."""
        return {"generator": self.drawer, "classifier": self.classifier}

    def criticise(self, images, labels=None, training=None):
        """Give the logit of being real: of any class against that of being generated."""
        return _realness(*self.discriminator(images, training=training))

    def discriminator_loss(self, real, labels, latents, training=True):
        """Add what the classes of the real images with a label cost."""
        fake = ops.stop_gradient(self.generate(latents, training=training))
        classes, generated = self.discriminator(real, training=training)
        nats = ops.sparse_categorical_crossentropy(ops.maximum(labels, 0), classes, True)
        known = ops.cast(labels >= 0, "float32")
        losses = self.pair.discriminator(
            _realness(classes, generated), self.criticise(fake, training=training)
        )
        return losses + self.supervision * known * nats


def _realness(classes, generated):
    return ops.logsumexp(classes, axis=-1, keepdims=True) - generated


def _discriminator(input_shape, num_classes, widths, kernel_size, dropout):
    image = keras.Input(input_shape, name="image")
    x = layers.Flatten(name="flatten")(downsampled(image, widths, kernel_size))
    x = layers.Dropout(dropout, name="dropout")(x)
    logits = [
        layers.Dense(width, kernel_initializer=normal(), name=name, dtype="float32")(x)
        for name, width in (("classes", num_classes), ("generated", 1))
    ]
    return keras.Model(image, logits, name="discriminator")
