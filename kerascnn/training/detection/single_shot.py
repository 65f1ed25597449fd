"""Training of detectors that give all boxes at once, without what turns these into results."""

from functools import cached_property
from typing import Any

import keras
from keras import ops

from kerascnn.training.networks import Networks


@keras.saving.register_keras_serializable(package="kerascnn")
class SingleShot(Networks):
    """Trains a network on what its outputs mean relative to a grid, and deploys boxes and scores.

    Its own outputs are those of the network, joined along the last axis, for a loss that needs
    them all. In what is deployed they stay apart, so that each has a scale of its own in integers.

    Args:
        network: Functional model whose outputs differ in their last axis alone, or has one.
        head: Functional model from what the network gives to `boxes`, `(batch, n, 4)` in [0, 1],
            and `scores`, `(batch, n, classes)`.
        loss: The loss, or its configuration, of joined outputs and targets `(batch, objects, 5)`,
            each the class, 1 and above, and the box. It becomes the attribute `default_loss`, for
            whoever calls `compile`.
        **kwargs: `name`, `dtype` and the like.

    Raises:
        ValueError: If the head does not give boxes and scores.

    Example:
        >>> model = SingleShot(network, head, loss=kerascnn.losses.GridBoxes(boxes=2))
        >>> model.compile("adam", loss=model.default_loss)
        >>> model.fit(images, targets)

    Reference:
        https://arxiv.org/abs/1512.02325
    """

    def __init__(
        self, network: keras.Model, head: keras.Model, *, loss: Any, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(head.output, dict) or head.output.keys() != {"boxes", "scores"}:
            raise ValueError(
                "The head must give a dictionary of boxes and scores. "
                f"Received: head with {head.output_names}"
            )
        self.network = network
        self.head = head
        self.default_loss = keras.losses.get(loss)
        self.built = True

    @cached_property
    def deployable(self) -> keras.Model:
        """The functional model from the images to boxes and scores, with the same layers."""
        outputs = self.head(self.network.output)
        return keras.Model(self.network.input, outputs, name=self.name)

    def call(self, inputs, training=None):
        """Give the outputs of the network, joined."""
        outputs = keras.tree.flatten(self.network(inputs, training=training))
        return outputs[0] if len(outputs) == 1 else ops.concatenate(outputs, axis=-1)
