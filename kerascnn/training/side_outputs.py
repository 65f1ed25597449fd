"""Training with outputs that are left out of what is deployed."""

from functools import cached_property
from typing import Any

import keras

from kerascnn.training.networks import Networks


class SideOutputs(Networks):
    """Trains a network on all of its outputs, and deploys the first one.

    In training the loss given to `compile`, which knows the first output alone, is added to
    `side_loss` of the others. Metrics are those of the first output. At inference, `evaluate` and
    the loss on validation data included, the model is its first output.

    Args:
        network: Functional model whose outputs are the predictions and then at least one other.
        loss: The loss, its name or its configuration that the paper trains with. It becomes the
            attribute `default_loss`, for whoever calls `compile`.
        **kwargs: `name`, `dtype` and the like.

    Raises:
        ValueError: If there is one output.
    """

    def __init__(self, network: keras.Model, *, loss: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if len(network.outputs) < 2:
            raise ValueError(
                "The network must have predictions and side outputs. "
                f"Received: network with {len(network.outputs)} output"
            )
        self.network = network
        self.default_loss = keras.losses.get(loss)
        self.built = True

    @cached_property
    def deployable(self) -> keras.Model:
        """The functional model from the images to the predictions, with the same layers."""
        return keras.Model(self.network.input, self.network.outputs[0], name=self.name)

    def side_loss(self, x, y, outputs, sample_weight=None):
        """Give what is added to the loss in training.

        Args:
            x: What the network was fed.
            y: The targets.
            outputs: All outputs of the network, the predictions first.
            sample_weight: One weight a sample, `(batch,)`, or None.

        Returns:
            A scalar, the mean over the batch.
        """
        raise NotImplementedError

    def call(self, inputs, training=None):
        """Give the predictions, and in training a list with all outputs."""
        outputs = self.network(inputs, training=training)
        return outputs if training else outputs[0]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Add up the loss of the predictions and the one of the side outputs."""
        outputs = keras.tree.flatten(y_pred)
        loss = super().compute_loss(x, y, outputs[0], sample_weight, training)
        return loss + self.side_loss(x, y, outputs, sample_weight) if outputs[1:] else loss

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Measure the predictions."""
        return super().compute_metrics(x, y, keras.tree.flatten(y_pred)[0], sample_weight)
