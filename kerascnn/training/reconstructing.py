"""Training a classifier that also has to draw what it saw."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerascnn.losses.capsule import one_hot_and_wide
from kerascnn.training.side_outputs import SideOutputs


@keras.saving.register_keras_serializable(package="kerascnn")
class ReconstructingClassifier(SideOutputs):
    """Trains a classifier together with a decoder of its features, which is not deployed.

    The decoder draws the image from features of the network, and may draw features as well. In
    training the loss is the one given to `compile` plus the sum over all that is drawn of
    `weight_i * ||target_i - drawn_i||^2`, where the squared errors of a sample are summed. At
    inference the model is the classifier alone.

    Args:
        network: Functional model from images to the predictions, `(batch, num_classes)`, and then
            the features.
        decoder: Functional model from a list of the features and the labels, one-hot, to the
            image, or to a list of the image and some of the features, in the network's order. In
            training it may depend on the labels.
        error_weights: Weight of the squared error of the image, and of each feature that is drawn;
            at least 0.
        loss: The loss, its name or its configuration that the paper trains with. It becomes the
            attribute `default_loss`, for whoever calls `compile`.
        **kwargs: `name`, `dtype` and the like.

    Raises:
        ValueError: If there are no features, or not one weight for each output of the decoder.

    Example:
        >>> model = ReconstructingClassifier(network, decoder, error_weights=[5e-4])
        >>> model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        >>> model.fit(images, labels)

    Reference:
        https://arxiv.org/abs/1710.09829, section 4.1
    """

    def __init__(
        self,
        network: keras.Model,
        decoder: keras.Model,
        *,
        error_weights: Sequence[float],
        loss: Any = "sparse_categorical_crossentropy",
        **kwargs: Any,
    ) -> None:
        super().__init__(network, loss=loss, **kwargs)
        if len(error_weights) != len(decoder.outputs) or min(error_weights) < 0:
            raise ValueError(
                "There must be a weight of at least 0 for each output of the decoder. "
                f"Received: error_weights={error_weights} for {len(decoder.outputs)} outputs"
            )
        self.decoder = decoder
        self.error_weights = tuple(error_weights)

    def side_loss(self, x, y, outputs, sample_weight=None):
        """Add up the squared errors of what is drawn."""
        predictions, *features = outputs
        labels, _ = one_hot_and_wide(y, predictions)
        drawn = keras.tree.flatten(self.decoder([*features, labels], training=True))
        targets = (x, *features)
        errors = (
            weight * _squared_error(target, image, sample_weight)
            for weight, target, image in zip(self.error_weights, targets, drawn, strict=False)
        )
        return sum(errors)


def _squared_error(target, drawn, sample_weight):
    """Give the squared errors, summed over a sample and averaged over the batch."""
    count = math.prod(target.shape[1:])
    flat = [ops.reshape(ops.cast(one, "float32"), (-1, count)) for one in (target, drawn)]
    return count * keras.losses.MeanSquaredError()(*flat, sample_weight=sample_weight)
