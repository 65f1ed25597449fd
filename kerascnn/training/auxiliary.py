"""Training with auxiliary classifiers, which are left out of what is deployed."""

from typing import Any

import keras

from kerascnn.training.side_outputs import SideOutputs


@keras.saving.register_keras_serializable(package="kerascnn")
class AuxiliaryClassifiers(SideOutputs):
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
        super().__init__(network, loss=loss, **kwargs)
        if weight <= 0:
            raise ValueError(f"weight must be above 0. Received: weight={weight}")
        if network.losses:
            raise ValueError(
                "Regularizers would count once for each classifier; give the optimizer a "
                f"weight_decay. Received: network with {len(network.losses)} regularizers"
            )
        self.weight = weight

    def side_loss(self, x, y, outputs, sample_weight=None):
        """Add up the losses of the auxiliary classifiers."""
        return sum(
            self.weight * self.compute_loss(x, y, auxiliary, sample_weight)
            for auxiliary in outputs[1:]
        )
