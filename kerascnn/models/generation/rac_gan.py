"""rAC-GAN, whose auxiliary classifier knows how the labels of its data go wrong."""

from typing import Any

import keras
from keras import layers, ops

from kerascnn.layers import SpectralNormalization
from kerascnn.models.label_noise import (
    LabelNoiseGAN,
    judging_widths,
    noise_free_generator,
    transitions,
)
from kerascnn.models.projection_discriminator import judged_features
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
        data_options={"size": 8, "label_noise": 0.6, "wrong_label": "next"},
        model_options={
            "filters": 64,
            "discriminator_filters": 32,
            "class_weight": 1.0,
            "latent_dim": 32,
            "label_noise": 0.6,
            "wrong_label": "next",
            "discriminator_steps": 1,
        },
        epochs=100,
        learning_rate=1e-3,
        passes=("class_accuracy >= 0.85", "fdd <= 30", "cover >= 10"),
    ),
)
def rac_gan(
    input_shape: ImageShape = (32, 32, 3),
    *,
    num_classes: int = 10,
    latent_dim: int = 128,
    filters: int = 256,
    discriminator_filters: int = 128,
    label_noise: float = 0.5,
    wrong_label: str = "any",
    class_weight: float = 0.1,
    discriminator_steps: int = 5,
    ema_decay: float | None = None,
) -> GAN:
    """Build rAC-GAN: images of clean classes, learned from labels of which some are wrong.

    The discriminator says the clean class of an image. It is trained by the probability of the
    noisy label that follows from what it says, and trains the generator by the clean class.
    Residual networks, spectral normalisation in the discriminator, and hinge losses.

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
        class_weight: Weight of the classes of generated images, at least 0.
        discriminator_steps: Updates of the discriminator for each of the generator.
        ema_decay: Decay of the average of the generator that is deployed, in (0, 1); None for none.

    Returns:
        A `GAN`; its deployable generator maps `latent`, `(batch, latent_dim)`, and `label`, one-hot
        `(batch, num_classes)`, to images in [-1, 1] in float32.

    Raises:
        ValueError: If the sides cannot be halved, or a number is out of its range.

    Example:
        >>> gan = rac_gan((32, 32, 3), label_noise=0.3)
        >>> gan.compile()
        >>> gan.fit(images, noisy_labels, epochs=20)

    Reference:
        https://arxiv.org/abs/1811.11165
    """
    image = keras.Input(input_shape, name="image")
    widths = judging_widths(input_shape, discriminator_filters)
    features = judged_features(image, widths, initializer="glorot_uniform", more=2)
    outputs = [
        SpectralNormalization(
            layers.Dense(units, name=f"{name}_kernel", dtype="float32"), name=name, dtype="float32"
        )(features)
        for name, units in (("logit", 1), ("classes", num_classes))
    ]
    return RACGAN(
        noise_free_generator(input_shape, num_classes, latent_dim, filters),
        keras.Model(image, outputs, name="discriminator"),
        transition=transitions(num_classes, label_noise, wrong_label),
        class_weight=class_weight,
        discriminator_steps=discriminator_steps,
        ema_decay=ema_decay,
        name="rac_gan",
    )


@keras.saving.register_keras_serializable(package="kerascnn")
class RACGAN(LabelNoiseGAN):
    """Trains a generator against a discriminator that says the clean class.

    Takes the `class_weight` of `rac_gan`, and the arguments of `LabelNoiseGAN`. The discriminator
    is a model from images to logits, high for real ones, and to logits of the clean classes.
    """

    def __init__(self, generator, discriminator, *, class_weight: float = 0.1, **kwargs: Any):
        super().__init__(generator, discriminator, **kwargs)
        if class_weight < 0:
            raise ValueError(f"class_weight must be at least 0. Received: {class_weight}")
        self.class_weight = class_weight

    def discriminator_loss(self, real, labels, latents, training=True):
        """Add what the noisy labels of real images cost."""
        clean = self.clean_labels(ops.shape(labels)[0])
        fake = ops.stop_gradient(self.generate(latents, clean, training))
        logits, classes = self.discriminator(real, training=training)
        noisy = ops.matmul(ops.softmax(classes), ops.array(self.transition, "float32"))
        nats = ops.sparse_categorical_crossentropy(labels, noisy)
        return self.pair.discriminator(logits, self.criticise(fake, training=training)) + nats

    def generator_loss(self, real, labels, latents, training=True):
        """Add what the clean classes of generated images cost."""
        clean = self.clean_labels(ops.shape(labels)[0])
        fake = self.generate(latents, clean, training)
        logits, classes = self.discriminator(fake, training=training)
        nats = ops.sparse_categorical_crossentropy(clean, classes, True)
        return self.pair.generator(logits) + self.class_weight * nats
