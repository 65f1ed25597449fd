"""Training a classifier on many images of which few have a label."""

from typing import Any

import keras
from keras import ops

from kerascnn.losses.targets import wide
from kerascnn.training.side_outputs import SideOutputs
from kerascnn.training.unsupervised import MeanCost

_EPSILON = 1e-7


@keras.saving.register_keras_serializable(package="kerascnn")
class SemiSupervised(SideOutputs):
    """Trains a classifier with a network that says what an image costs as one of each class.

    The label of an image that has none is -1. With the costs `L(x, y)` of an image `x` in nats,
    among them `log(num_classes)` for the class, and the predictions `q(y|x)`, the loss of an
    image is a bound on `-log p(x, y)` with a label, and on `-log p(x)` without:

        labelled:    L(x, y) + alpha * loss(y, q(y|x))
        unlabelled:  sum_y q(y|x) (L(x, y) + log q(y|x))

    where `loss` is the one given to `compile`. Metrics, weighted ones in `compile`, are those of
    the labelled images. At inference, `evaluate` and the loss on validation data included, the
    model is the classifier alone, which is also what is deployed.

    Args:
        network: Functional model from images to probabilities, `(batch, num_classes)`, then the
            image or a description of it, and then costs that depend on no label, `(batch,)` each.
        generative: Functional model from a list of the image or its description and the label,
            one-hot, to costs, `(batch,)` each.
        alpha: Weight of the loss of a labelled image, above 0.
        loss: The loss, its name or its configuration that the paper trains with. It becomes the
            attribute `default_loss`, for whoever calls `compile`.
        **kwargs: `name`, `dtype` and the like.

    Raises:
        ValueError: If alpha is not positive, or the network has one output.

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
        super().__init__(network, loss=loss, **kwargs)
        if not alpha > 0:
            raise ValueError(f"alpha must be above 0. Received: alpha={alpha}")
        self.generative = generative
        self.alpha = alpha

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Add up the loss of the images with a label and the costs of all."""
        predictions, *others = keras.tree.flatten(y_pred)
        labels, known = _labels(y)
        weights = _product(self.alpha * known, sample_weight)
        labels = ops.maximum(labels, 0)
        loss = super().compute_loss(x, labels, predictions, weights, training)
        return (
            loss + self.side_loss(x, y, [predictions, *others], sample_weight) if others else loss
        )

    def side_loss(self, x, y, outputs, sample_weight=None):
        """Bound the negative log likelihood, a mean over the batch."""
        nats = self.bound(y, *outputs)
        return MeanCost(name="mean")(nats, nats, sample_weight)

    def bound(self, y, predictions, seen, *costs):
        """Bound the negative log likelihood of images, with their label where it is known.

        Args:
            y: Integer labels, `(batch,)`, -1 where there is none.
            predictions: Probabilities, `(batch, num_classes)`.
            seen: What the generative network describes, `(batch, ...)`.
            *costs: What is added to its costs, `(batch,)`.

        Returns:
            Nats, `(batch,)`, in float32.
        """
        predictions = ops.clip(wide(predictions), _EPSILON, 1.0)
        classes = predictions.shape[-1]
        labels, known = _labels(y)
        shares = ops.where(known[:, None] > 0, ops.one_hot(labels, classes), predictions)
        each = ops.tile(ops.eye(classes), (ops.shape(seen)[0], 1))  # (batch * classes, classes)
        nats = self.generative([ops.repeat(seen, classes, axis=0), each], training=True)
        nats = sum(wide(one) for one in keras.tree.flatten(nats)) + ops.log(float(classes))
        surprise = (1.0 - known) * ops.sum(shares * ops.log(predictions), axis=-1)
        expected = ops.sum(shares * ops.reshape(nats, (-1, classes)), axis=-1)
        return expected + surprise + sum(wide(cost) for cost in costs)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Measure the predictions of the labelled images."""
        labels, known = _labels(y)
        weights = _product(known, sample_weight)
        return super().compute_metrics(x, ops.maximum(labels, 0), y_pred, weights)


def _labels(y):
    """Give the labels, `(batch,)`, and 1 for each that is known, else 0."""
    labels = ops.cast(ops.reshape(y, (-1,)), "int32")
    return labels, ops.cast(labels >= 0, "float32")


def _product(known, sample_weight):
    return known if sample_weight is None else known * ops.cast(sample_weight, "float32")
