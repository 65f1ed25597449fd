"""Training a GAN that begins with small images and grows."""

from typing import Any

import keras
from keras import ops

from kerascnn.training.growth import Growth
from kerascnn.training.multi_scale_gan import MultiScaleGAN, double, halve


@keras.saving.register_keras_serializable(package="kerascnn")
class GrowingGAN(MultiScaleGAN):
    """Trains a generator and a discriminator at the smallest size first, then at twice that, ...

    Each size fades in for `phase_steps` steps, in which generator and discriminator mix what they
    have learned at the size before with what the new layers give, and is then trained for as many;
    the smallest one needs no fading, and the largest one stays. A stage is a model of its own, in
    which nothing is computed that it does not need. All this happens in one `fit`; where it stands
    is saved with the weights, and reported as `stage`: 1.25 is a quarter of the way to the third
    size.

    Args:
        generator: Model from latent variables to images, each twice as large as the one before.
        discriminator: Model from images of these sizes and `alpha`, `(batch, 1, 1, 1)`, to a logit
            for each size; `image8` is the input with 8 pixels a side. A logit depends on the
            image of its size alone, and on how far that is faded in.
        phase_steps: Steps of a phase, at least 1.
        **kwargs: Further arguments of `GAN`.

    Raises:
        ValueError: If there are not as many logits as images, or a phase has no step.

    Reference:
        https://arxiv.org/abs/1710.10196
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        phase_steps: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(generator, discriminator, **kwargs)
        if phase_steps < 1:
            raise ValueError(f"A phase has a step. Received: phase_steps={phase_steps}")
        images, logits = generator.output, discriminator.output
        if len(images) != len(logits):
            raise ValueError(
                "There must be a logit for each image. "
                f"Received: {len(logits)} logits, {len(images)} images"
            )
        self.phase_steps = phase_steps
        self.growth = Growth(phase_steps, len(self.sizes) - 1)
        self.stage_tracker = keras.metrics.Mean(name="stage")
        given = discriminator.input
        self.stages = [
            {
                "generator": keras.Model(generator.input, images[max(stage - 1, 0) : stage + 1]),
                "discriminator": keras.Model(
                    {name: given[name] for name in (f"image{size}", "alpha")}, logits[stage]
                ),
            }
            for stage, size in enumerate(self.sizes)
        ]
        self.stage = 0

    @property
    def metrics(self):
        """Add where the growth stands."""
        return [*super().metrics, self.stage_tracker]

    def active(self):
        """Give the networks of the present stage."""
        return {name: [network] for name, network in self.stages[self.stage].items()}

    def alpha(self):
        """Give how far the present size is faded in, from 0 to 1."""
        return self.growth.alpha(self.stage)

    def generate(self, latents, labels=None, training=None):
        """Draw images of the present size."""
        drawn = self.active()["generator"][0](latents, training=training)
        *before, image = keras.tree.flatten(drawn)
        return self._mixed(double(before[0]), image) if before else image

    def criticise(self, images, labels=None, training=None):
        """Judge images of the present size."""
        images = ops.convert_to_tensor(images)
        alpha = ops.full((ops.shape(images)[0], 1, 1, 1), self.alpha())
        fed = {f"image{self.sizes[self.stage]}": images, "alpha": alpha}
        return self.active()["discriminator"][0](fed, training=training)

    def discriminator_loss(self, real, labels, latents, training=True):
        """Compare with real images of the present size, as sharp as they are by now."""
        for _ in range(len(self.sizes) - 1 - self.stage):
            real = halve(real)
        if self.stage:
            real = self._mixed(double(halve(real)), real)
        return super().discriminator_loss(real, labels, latents, training)

    def preview(self, inputs):
        """Draw images of the present size, with larger pixels."""
        trained = self.generator if self.average is None else self.average
        images = keras.tree.flatten(trained(inputs, training=False))
        drawn = images[self.stage]
        for _ in images[self.stage + 1 :]:
            drawn = double(drawn)
        return drawn

    def make_train_function(self, force=False):
        """Make a function that takes each step at the stage that it belongs to."""
        if self.train_function is None or force:
            functions: dict[int, Any] = {}

            def train(iterator):
                self.stage = self.growth.stage()
                if self.stage not in functions:
                    super(GrowingGAN, self).make_train_function(force=True)
                    functions[self.stage], self.train_function = self.train_function, train
                return functions[self.stage](iterator)

            self.train_function = train
        return self.train_function

    def train_step(self, data):
        """Train the present stage, and count the step."""
        self.stage_tracker.update_state(self.stage - 1 + self.alpha())
        super().train_step(data)
        self.growth.steps.assign_add(1)
        return self.get_metrics_result()

    def _mixed(self, before, now):
        return before + self.alpha() * (now - before)
