"""Training a classifier on many images of which few have a label."""

from functools import cached_property
from typing import Any

import keras
from keras import ops

from kerascnn.losses.targets import wide
from kerascnn.training.unsupervised import MeanCost

_EPSILON = 1e-7


@keras.saving.register_keras_serializable(package="kerascnn")
class SemiSupervised(keras.Model):
    """Trains a classifier with a network that says what an image costs as one of each class.

    The label of an image that has none is -1. With the costs `L(x, y)` of an image `x` in nats,
    among them `log(num_classes)` for the class, and the predictions `q(y|x)`, the loss of an
    image is a bound on `-log p(x, y)` with a label, and on `-log p(x)` without:

        labelled:    L(x, y) + alpha * loss(y, q(y|x))
        unlabelled:  sum_y q(y|x) (L(x, y) + log q(y|x))

    where `loss` is the one given to `compile`. Metrics, weighted ones in `compile`, are those of
    the labelled images. What is deployed is the classifier.

    Args:
        network: Functional model from images to probabilities, `(batch, num_classes)`.
        generative: Functional model from a list of images and labels, one-hot, to costs, each
            `(batch,)`; their sum is `L(x, y) - log(num_classes)`.
        alpha: Weight of the loss of a labelled image, above 0.
        loss: The loss, its name or its configuration that the paper trains with. It becomes the
            attribute `default_loss`, for whoever calls `compile`.
        **kwargs: `name`, `dtype` and the like.

    Raises:
        ValueError: If alpha is not positive.

    Example:
        >>> model = SemiSupervised(network, generative, alpha=10.0)
        >>> model.compile("adam", model.default_loss, weighted_metrics=["accuracy"])
        >>> model.fit(images, labels)

    Reference:
        https://arxiv.org/abs/1406.5298, section 3.1
    """

    def __init__(
        self,
        network: keras.Model,
        generative: keras.Model,
        *,
        alpha: float,
        loss: Any = "sparse_categorical_crossentropy",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not alpha > 0:
            raise ValueError(f"alpha must be above 0. Received: alpha={alpha}")
        self.network = network
        self.generative = generative
        self.alpha = alpha
        self.default_loss = keras.losses.get(loss)
        self.built = True

    @cached_property
    def deployable(self) -> keras.Model:
        """The classifier alone, with the same layers."""
        return keras.Model(self.network.input, self.network.output, name=self.name)

    def call(self, inputs, training=None):
        """Give the predictions."""
        return self.network(inputs, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Add up the costs of the images and the loss of those with a label."""
        labels, known = _labels(y)
        weights = _product(known, sample_weight)
        loss = super().compute_loss(x, ops.maximum(labels, 0), y_pred, weights, training)
        nats = self.bound(x, labels, y_pred, training)
        return self.alpha * loss + MeanCost(name="mean")(nats, nats, sample_weight)

    def bound(self, x, y, predictions, training=False):
        """Bound the negative log likelihood of images, with their label where it is known.

        Args:
            x: Images, `(batch, height, width, channels)`.
            y: Integer labels, `(batch,)`, -1 where there is none.
            predictions: Probabilities, `(batch, num_classes)`.
            training: Whether the networks are in training, which decides what they draw.

        Returns:
            Nats, `(batch,)`, in float32.
        """
        predictions = ops.clip(wide(predictions), _EPSILON, 1.0)
        classes = predictions.shape[-1]
        labels, known = _labels(y)
        shares = ops.where(known[:, None] > 0, ops.one_hot(labels, classes), predictions)
        each = ops.tile(ops.eye(classes), (ops.shape(x)[0], 1))  # (batch * classes, classes)
        costs = self.generative([ops.repeat(x, classes, axis=0), each], training=training)
        costs = sum(wide(cost) for cost in keras.tree.flatten(costs)) + ops.log(float(classes))
        surprise = (1.0 - known) * ops.sum(shares * ops.log(predictions), axis=-1)
        return ops.sum(shares * ops.reshape(costs, (-1, classes)), axis=-1) + surprise

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Measure the predictions of the labelled images."""
        labels, known = _labels(y)
        weights = _product(known, sample_weight)
        return super().compute_metrics(x, ops.maximum(labels, 0), y_pred, weights)

    def get_config(self):
        """Describe the networks and the options."""
        return {
            "network": keras.saving.serialize_keras_object(self.network),
            "generative": keras.saving.serialize_keras_object(self.generative),
            "alpha": self.alpha,
            "loss": keras.losses.serialize(self.default_loss),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Restore the networks, with new weights."""
        networks = {
            key: keras.saving.deserialize_keras_object(config[key], custom_objects)
            for key in ("network", "generative")
        }
        return cls(**{**config, **networks})


def _labels(y):
    """Give the labels, `(batch,)`, and 1 for each that is known, else 0."""
    labels = ops.cast(ops.reshape(y, (-1,)), "int32")
    return labels, ops.cast(labels >= 0, "float32")


def _product(known, sample_weight):
    return known if sample_weight is None else known * ops.cast(sample_weight, "float32")
