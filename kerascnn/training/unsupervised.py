"""Training without targets."""

from functools import cached_property
from typing import Any

import keras

from kerascnn.training.networks import Networks


@keras.saving.register_keras_serializable(package="kerascnn")
class Unsupervised(Networks):
    """Trains a network to lower the costs that it gives beside codes, and deploys the codes.

    The loss is the sum of the costs, a mean over the batch. `compile` takes none.

    Args:
        network: Functional model whose outputs are the codes and then costs, each `(batch,)`.
        **kwargs: `name`, `dtype` and the like.

    Raises:
        ValueError: If there are no costs.

    Example:
        >>> model = Unsupervised(keras.Model(image, [codes, nats]))
        >>> model.compile("adam")
        >>> model.fit(images)

    Reference:
        https://arxiv.org/abs/1906.06818
    """

    def __init__(self, network: keras.Model, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if len(network.outputs) < 2:
            raise ValueError(
                "The network must have codes and costs. "
                f"Received: network with {len(network.outputs)} output"
            )
        self.network = network
        self.built = True

    @cached_property
    def deployable(self) -> keras.Model:
        """The functional model from the inputs to the codes, with the same layers."""
        return keras.Model(self.network.input, self.network.outputs[0], name=self.name)

    def call(self, inputs, training=None):
        """Give the codes and the costs."""
        return self.network(inputs, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Add up the costs."""
        costs = sum(y_pred[1:])
        return MeanCost(name="mean")(costs, costs, sample_weight)


class MeanCost(keras.losses.Loss):
    """Gives the mean over the batch, or its share of it under several replicas."""

    def call(self, y_true, y_pred):
        """Take the costs as they are."""
        return y_pred
