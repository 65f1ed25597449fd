"""Training with auxiliary classifiers, which are left out of what is deployed."""

from functools import cached_property
from typing import Any

import keras


@keras.saving.register_keras_serializable(package="kerascnn")
class AuxiliaryClassifiers(keras.Model):
    """Trains classifiers at inner layers of a network beside the one at its end.

    They bring the gradient to early layers. In training the loss given to `compile` is
    `loss(y, predictions) + weight * sum_i loss(y, auxiliary_i)`; metrics are those of the
    predictions. At inference, `evaluate` and the loss on validation data included, the model is
    its last classifier alone, which is also what is deployed.

    Args:
        network: Functional model whose outputs are the predictions and then those of each
            auxiliary classifier, all `(batch, num_classes)`.
        weight: Weight of the loss of each auxiliary classifier, above 0.
        loss: The loss, its name or its configuration that the paper trains with. It becomes the
            attribute `default_loss`, for whoever calls `compile`.
        **kwargs: `name`, `dtype` and the like.

    Raises:
        ValueError: If the weight is not positive, there is one output, or layers of the network
            have regularizers, which would count once for each classifier.

    Example:
        >>> model = AuxiliaryClassifiers(keras.Model(image, [predictions, auxiliary]))
        >>> model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        >>> model.fit(images, labels)

    Reference:
        https://arxiv.org/abs/1409.4842
    """

    def __init__(
        self,
        network: keras.Model,
        *,
        weight: float = 0.3,
        loss: Any = "sparse_categorical_crossentropy",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if weight <= 0:
            raise ValueError(f"weight must be above 0. Received: weight={weight}")
        if len(network.outputs) < 2:
            raise ValueError(
                "The outputs must be the predictions and those of auxiliary classifiers. "
                f"Received: network with {len(network.outputs)} output"
            )
        if network.losses:
            raise ValueError(
                "Regularizers would count once for each classifier; give the optimizer a "
                f"weight_decay. Received: network with {len(network.losses)} regularizers"
            )
        self.network = network
        self.weight = weight
        self.default_loss = keras.losses.get(loss)
        self.built = True

    @cached_property
    def deployable(self) -> keras.Model:
        """The functional model from the images to the predictions, with the same layers."""
        return keras.Model(self.network.input, self.network.outputs[0], name=self.name)

    def call(self, inputs, training=None):
        """Give the predictions, and in training a list with those of each classifier."""
        outputs = self.network(inputs, training=training)
        return outputs if training else outputs[0]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Add up the losses of all classifiers."""
        predictions, *auxiliary = keras.tree.flatten(y_pred)
        loss = super().compute_loss(x, y, predictions, sample_weight, training)
        for outputs in auxiliary:
            loss += self.weight * super().compute_loss(x, y, outputs, sample_weight, training)
        return loss

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Measure the predictions."""
        return super().compute_metrics(x, y, keras.tree.flatten(y_pred)[0], sample_weight)

    def get_config(self):
        """Describe the network and the options."""
        return {
            "network": keras.saving.serialize_keras_object(self.network),
            "weight": self.weight,
            "loss": keras.losses.serialize(self.default_loss),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Restore the network, with new weights."""
        network = keras.saving.deserialize_keras_object(config["network"], custom_objects)
        return cls(**{**config, "network": network})
