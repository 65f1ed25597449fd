"""Adversarial training: the one train step of all GANs."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from kerascnn.losses import adversarial_losses
from kerascnn.training.gradient_penalty import gradient_penalty as penalize
from kerascnn.training.labelled_players import LabelledPlayers
from kerascnn.training.minimization import minimize


@keras.saving.register_keras_serializable(package="kerascnn")
class GAN(LabelledPlayers):
    """Trains a generator against a discriminator under `compile` and `fit`.

    A step updates the discriminator `discriminator_steps` times, on the same real images and on
    new latent variables each time, and then the generator once. Training data is `x`, or
    `(x, labels)`; networks that take the `label` are conditional, and images are generated of the
    classes of the real ones. What a paper adds goes into one of the hooks `latents`,
    `discriminator_loss` and `generator_loss`; the losses give one value a sample.

    Args:
        generator: Model from latent variables `(batch, latent_dim)` to images, or from inputs by
            name, of which `label` is the class, one-hot.
        discriminator: Model from images, or from `image` and `label` by name, to logits, high for
            real ones.
        loss: Name of a pair of `kerascnn.losses.adversarial_losses`.
        loss_options: Options of that pair, such as `{"drift": 1e-3}` of `"wasserstein"`.
        gradient_penalty: Weight of `kerascnn.training.gradient_penalty`, 10 in its paper.
        discriminator_steps: Updates of the discriminator in a step, at least 1.
        accumulation_steps: Parts that a batch is cut into to save memory; their gradients add up.
        ema_decay: Decay, in (0, 1), of the average of the generator that is deployed, or None.
        optimizer: Optimizer, its name or its configuration, copied for each network where
            `compile` is given none; or a dictionary with one for `generator` and `discriminator`.
        seed: Seed of the latent variables; None for a different one each time.
        **kwargs: `name`, `dtype` and the like.

    Raises:
        ValueError: If the loss is unknown or a number is out of its range.

    Example:
        >>> gan = GAN(generator, discriminator)
        >>> gan.compile()
        >>> gan.fit(images, epochs=20)

    Reference:
        https://arxiv.org/abs/1406.2661
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        loss: str = "non_saturating",
        loss_options: Mapping[str, Any] | None = None,
        gradient_penalty: float = 0.0,
        discriminator_steps: int = 1,
        accumulation_steps: int = 1,
        ema_decay: float | None = None,
        optimizer: Any = "adam",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            generator,
            discriminator,
            ema_decay=ema_decay,
            optimizer=optimizer,
            seed=seed,
            **kwargs,
        )
        adversarial_losses(loss, **(loss_options or {}))  # refuses what is unknown
        _check_least("gradient_penalty", gradient_penalty, 0)
        _check_least("discriminator_steps", discriminator_steps, 1)
        _check_least("accumulation_steps", accumulation_steps, 1)
        self.default_loss = loss
        self.loss_options = dict(loss_options or {})
        self.gradient_penalty = gradient_penalty
        self.discriminator_steps = discriminator_steps
        self.accumulation_steps = accumulation_steps
        self.discriminator_tracker = keras.metrics.Mean(name="discriminator_loss")
        self.generator_tracker = keras.metrics.Mean(name="generator_loss")

    @property
    def metrics(self):
        """What a step reports, and nothing else."""
        return [self.discriminator_tracker, self.generator_tracker]

    @property
    def pair(self):
        """The losses of the two players as functions of scores."""
        return adversarial_losses(self.default_loss, **self.loss_options)

    def discriminator_loss(self, real, labels, latents, training=True):
        """Give what the discriminator minimises, `(batch,)`."""
        fake = ops.stop_gradient(self.generate(latents, labels, training))
        losses = self.pair.discriminator(
            self.criticise(real, labels, training), self.criticise(fake, labels, training)
        )
        if not self.gradient_penalty:
            return losses

        def critic(images, training):
            return self.criticise(images, labels, training)

        seed = self.noise.seed_generator
        penalty = penalize(critic, real, fake, training=training, seed=seed)
        return losses + self.gradient_penalty * penalty

    def generator_loss(self, real, labels, latents, training=True):
        """Give what the generator minimises, `(batch,)`."""
        fake = self.generate(latents, labels, training)
        return self.pair.generator(self.criticise(fake, labels, training))

    def train_step(self, data):
        """Update the discriminator, the generator and the average."""
        active = self.active()
        discriminator = active["discriminator"], self.discriminator_optimizer
        generator = active["generator"], self.generator_optimizer
        # A Python loop: tf.distribute cannot add up gradients inside a graph's loop.
        for _ in range(self.discriminator_steps):
            self._play(data, self.discriminator_loss, self.discriminator_tracker, discriminator)
        self._play(data, self.generator_loss, self.generator_tracker, generator)
        self.update_average()
        return self.get_metrics_result()

    def test_step(self, data):
        """Report both losses at inference."""
        self._play(data, self.discriminator_loss, self.discriminator_tracker)
        self._play(data, self.generator_loss, self.generator_tracker)
        return self.get_metrics_result()

    def _play(self, data, loss, tracker, trained=None):
        real, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        given = real, labels, self.latents(ops.shape(keras.tree.flatten(real)[0])[0])
        tracker.update_state(
            minimize(loss, given, *trained, parts=self.accumulation_steps)
            if trained
            else loss(*given, training=False)
        )


def _check_least(name: str, value: float, least: int) -> None:
    if value < least:
        raise ValueError(f"{name} must be at least {least}. Received: {name}={value}")
