"""rcGAN, the conditional GAN that knows how the labels of its data go wrong."""

import keras
from keras import ops

from kerascnn.models.label_noise import (
    LabelNoiseGAN,
    judging_widths,
    noise_free_generator,
    transitions,
)
from kerascnn.models.projection_discriminator import projection_discriminator
from kerascnn.models.residual_generator import ImageShape
from kerascnn.registry import Experiment, register
from kerascnn.training import GAN


@register(
    paper="https://arxiv.org/abs/1811.11165",
    tiny={
        "input_shape": (8, 8, 1),
        "num_classes": 3,
        "latent_dim": 8,
        "filters": 8,
        "discriminator_filters": 8,
        "discriminator_steps": 1,
    },
    params=4_307_971,
    experiment=Experiment(
        data="digits",
        data_options={"size": 8, "label_noise": 0.5},
        model_options={
            "filters": 64,
            "discriminator_filters": 16,
            "latent_dim": 32,
            "label_noise": 0.5,
            "discriminator_steps": 1,
        },
        epochs=150,
        learning_rate=1e-3,
        passes=("class_accuracy >= 0.85", "fdd <= 30", "cover >= 10"),
    ),
)
def rcgan(
    input_shape: ImageShape = (32, 32, 3),
    *,
    num_classes: int = 10,
    latent_dim: int = 128,
    filters: int = 256,
    discriminator_filters: int = 128,
    label_noise: float = 0.5,
    wrong_label: str = "any",
    discriminator_steps: int = 5,
    ema_decay: float | None = None,
) -> GAN:
    """Build rcGAN: images of clean classes, learned from labels of which some are wrong.

    The discriminator sees a real image with its noisy label, and a generated one with a label that
    was made wrong in the same way. What it can tell apart is not the noise, then, so that the
    generator learns the clean classes. Residual networks, a projection discriminator with spectral
    normalisation, and hinge losses.

    Args:
        input_shape: Height, width and channels of the images, in [-1, 1]; equal sides that halve
            at least once to 4 or more pixels.
        num_classes: Number of classes.
        latent_dim: Number of latent variables, standard normal.
        filters: Channels of the generator's blocks.
        discriminator_filters: Channels of the discriminator's.
        label_noise: Probability that a label of the data is another one, in [0, 1).
        wrong_label: Which other one: `"any"`, all alike, or the `"next"`. For other noise, give
            the class of this GAN its matrix.
        discriminator_steps: Updates of the discriminator for each of the generator.
        ema_decay: Decay of the average of the generator that is deployed, in (0, 1); None for none.

    Returns:
        A `GAN`; its deployable generator maps `latent`, `(batch, latent_dim)`, and `label`, one-hot
        `(batch, num_classes)`, to images in [-1, 1] in float32.

    Raises:
        ValueError: If the sides cannot be halved, or a number is out of its range.

    Example:
        >>> gan = rcgan((32, 32, 3), label_noise=0.3)
        >>> gan.compile()
        >>> gan.fit(images, noisy_labels, epochs=20)

    Reference:
        https://arxiv.org/abs/1811.11165
    """
    widths = judging_widths(input_shape, discriminator_filters)
    return RCGAN(
        noise_free_generator(input_shape, num_classes, latent_dim, filters),
        projection_discriminator(
            input_shape, num_classes, widths, initializer="glorot_uniform", more=2
        ),
        transition=transitions(num_classes, label_noise, wrong_label),
        discriminator_steps=discriminator_steps,
        ema_decay=ema_decay,
        name="rcgan",
    )


@keras.saving.register_keras_serializable(package="kerascnn")
class RCGAN(LabelNoiseGAN):
    """Trains a generator against a discriminator that is told noisy labels.

    Takes the arguments of `LabelNoiseGAN`. The discriminator is a model from `image` and `label` to
    logits, high for real images.
    """

    def discriminator_loss(self, real, labels, latents, training=True):
        """Compare real images under their labels with generated ones under such labels."""
        fake, noisy = self._generated(latents, ops.shape(labels)[0], training)
        fake = ops.stop_gradient(fake)
        return self.pair.discriminator(
            self.criticise(real, labels, training), self.criticise(fake, noisy, training)
        )

    def generator_loss(self, real, labels, latents, training=True):
        """Judge generated images under noisy labels."""
        fake, noisy = self._generated(latents, ops.shape(labels)[0], training)
        return self.pair.generator(self.criticise(fake, noisy, training))

    def _generated(self, latents, count, training):
        clean = self.clean_labels(count)
        return self.generate(latents, clean, training), self.noisy_labels(clean)
