"""Two networks that learn against each other, with or without the class of each image."""

from typing import Any

import keras
from keras import ops

from kerascnn.training.noise import Noise
from kerascnn.training.players import Players


class LabelledPlayers(Players):
    """Draws what the generator takes, and runs both networks with the labels that they take.

    Args:
        generator: Model from latent variables to images. Where it names its inputs, `label` is the
            class, one-hot.
        discriminator: Model from images to logits, high for real ones. Where it names its inputs,
            `image` and `label`.
        seed: Seed of the latent variables; None for a different one each time.
        **kwargs: What `Players` takes.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(generator, discriminator, **kwargs)
        self.seed = seed
        self.noise = Noise(seed)

    @property
    def needs_labels(self) -> bool:
        """Whether training takes the class of each image."""
        inputs = [network.input for side in self.sides.values() for network in side]
        return any(isinstance(one, dict) and "label" in one for one in inputs)

    def latents(self, count, noise=None):
        """Draw what the generator takes beside the label for `count` images.

        Args:
            count: Number of images.
            noise: The `Noise` to draw from; the model's own when None.

        Returns:
            `(count, latent_dim)`, or such tensors by name.
        """
        noise, inputs = noise or self.noise, self.generator.input
        if not isinstance(inputs, dict):
            return noise.normal((count, *inputs.shape[1:]))
        return {
            name: noise.normal((count, *spec.shape[1:]))
            for name, spec in inputs.items()
            if name != "label"
        }

    def generate(self, latents, labels=None, training=None):
        """Run the generator on latent variables, and on integer labels if it takes them."""
        fed = with_labels(self.generator, latents, labels)
        return self.generator(fed, training=training)

    def criticise(self, images, labels=None, training=None):
        """Run the discriminator on images, and on integer labels if it takes them.

        Of several outputs the first one is what images are judged by.
        """
        fed = with_labels(self.discriminator, images, labels)
        return keras.tree.flatten(self.discriminator(fed, training=training))[0]


def with_labels(network: keras.Model, given: Any, labels: Any) -> Any:
    """Give what a network is fed: with the class of each image, one-hot, if it takes `label`.

    Args:
        network: Functional model.
        given: Its only other input, or its other inputs by name.
        labels: Integers, `(batch,)`.
    """
    inputs = network.input
    if not isinstance(inputs, dict):
        return given
    fed = given if isinstance(given, dict) else dict.fromkeys(inputs, given)
    if "label" in inputs:
        fed = {**fed, "label": ops.one_hot(labels, inputs["label"].shape[-1])}
    return keras.tree.map_structure(ops.convert_to_tensor, fed)
