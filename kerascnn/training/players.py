"""Two networks that learn against each other, each with an optimizer of its own."""

from collections.abc import Mapping
from typing import Any

import keras

from kerascnn.training.minimization import prepare_optimizer
from kerascnn.training.networks import Networks


class Players(Networks):
    """Holds a generator and a discriminator, and saves and restores all of their state.

    Calling the model runs the deployable generator.

    Args:
        generator: Model from latent variables to images.
        discriminator: Model from images to logits, high for real ones.
        ema_decay: Decay, in (0, 1), of a moving average of the generator's weights and moving
            statistics; the average is deployed. None keeps none.
        optimizer: Optimizer, its name or its configuration, copied for each network where
            `compile` is given none; or a dictionary with one for `generator` and `discriminator`.
        **kwargs: `name`, `dtype` and the like.

    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        ema_decay: float | None = None,
        optimizer: Any = "adam",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if ema_decay is not None and not 0 < ema_decay < 1:
            raise ValueError(f"ema_decay must be in (0, 1). Received: ema_decay={ema_decay}")
        self.generator = generator
        self.discriminator = discriminator
        self.ema_decay = ema_decay
        self.default_optimizer = _described(optimizer)
        self.average = None
        if ema_decay is not None:
            self.average = keras.models.clone_model(generator)
            self.average.set_weights(generator.get_weights())
            self.average.trainable = False
        # tf.distribute would build the model by calling it on images.
        self.built = True

    @property
    def drawer(self) -> keras.Model:
        """The generator to use after training: the average where there is one."""
        return self.generator if self.average is None else self.average

    @property
    def deployable(self) -> keras.Model | dict[str, keras.Model]:
        """What goes to the device: the generator alone, or first of several by name."""
        return self.drawer

    @property
    def sides(self) -> dict[str, list[keras.Model]]:
        """The networks that are trained for and against the discriminator's errors."""
        return {"generator": [self.generator], "discriminator": [self.discriminator]}

    # No property: Keras saves what those give, under their names.
    def active(self) -> dict[str, list[keras.Model]]:
        """Give what of both sides the present step trains: all of it."""
        return self.sides

    def new_optimizers(self) -> list[keras.optimizers.Optimizer]:
        """Make copies of the optimizers of the constructor, of generator and discriminator."""
        given = self.default_optimizer
        named = (
            given if "generator" in given else dict.fromkeys(("generator", "discriminator"), given)
        )
        # Keras changes a configuration that it is given.
        each = [named[side] for side in ("generator", "discriminator")]
        return [keras.optimizers.get(one if isinstance(one, str) else dict(one)) for one in each]

    def call(self, latents, training=None):
        """Generate images with the deployable generator."""
        return self.drawer(latents, training=training)

    def preview(self, inputs):
        """Draw images of the largest size at inference, however far training is."""
        return self.drawer(inputs, training=False)

    def compile(self, generator_optimizer=None, discriminator_optimizer=None, **kwargs):
        """Give each network an optimizer, by default a copy of the one of the constructor.

        Args:
            generator_optimizer: Optimizer of the generator, or its name.
            discriminator_optimizer: Optimizer of the discriminator, or its name.
            **kwargs: `jit_compile` and the like, as `keras.Model.compile` takes them.

        Raises:
            ValueError: If both are the same object.
        """
        same = generator_optimizer is discriminator_optimizer
        if same and isinstance(generator_optimizer, keras.optimizers.Optimizer):
            raise ValueError(
                f"Each network needs an optimizer of its own. Received: {generator_optimizer}"
            )
        super().compile(optimizer=None, **kwargs)
        own = self.new_optimizers()
        self.generator_optimizer = prepare_optimizer(
            generator_optimizer or own[0], self.sides["generator"]
        )
        self.discriminator_optimizer = prepare_optimizer(
            discriminator_optimizer or own[1], self.sides["discriminator"]
        )

    def update_average(self):
        """Move the average, if there is one, towards the generator."""
        if self.average is None:
            return
        for average, weight in zip(self.average.weights, self.generator.weights, strict=True):
            average.assign(average + (1.0 - self.ema_decay) * (weight - average))

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Restore the networks, with new weights; the optimizer stays a configuration."""
        config = dict(config)
        optimizer = config.pop("optimizer")
        arguments = keras.saving.deserialize_keras_object(config, custom_objects)
        return cls(**arguments, optimizer=optimizer)

    def get_compile_config(self):
        """Describe both optimizers, besides Keras's own options."""
        config = super().get_compile_config()
        if config:
            del config["optimizer"]
            for name in ("generator_optimizer", "discriminator_optimizer"):
                config[name] = keras.saving.serialize_keras_object(getattr(self, name))
        return config

    def compile_from_config(self, config):
        """Compile as the saved model was."""
        self.compile(**keras.saving.deserialize_keras_object(config))


def _described(optimizer: Any) -> Any:
    """Give the name or the configuration of an optimizer, or of several by name."""
    if isinstance(optimizer, keras.optimizers.Optimizer):
        return keras.optimizers.serialize(optimizer)
    if isinstance(optimizer, Mapping) and "generator" in optimizer:
        return {side: _described(one) for side, one in optimizer.items()}
    return optimizer
