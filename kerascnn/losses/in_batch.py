"""Losses that compare the embeddings of a batch with each other."""

import keras
from keras import ops

from kerascnn.losses.distances import DISTANCES, unit
from kerascnn.losses.targets import wide
from kerascnn.replicas import count, gather


class InBatch(keras.losses.Loss):
    """Passes its options to an unreduced function, and the global batch where that is wanted.

    Args:
        function: Function of targets, predictions and the options.
        options: Its keyword arguments; `mining` is one of them.
        across_replicas: Compare the embeddings of all replicas under tf.distribute.
        **kwargs: What every Keras loss takes.
    """

    def __init__(self, function, options, across_replicas, **kwargs):
        super().__init__(**kwargs)
        self.function = function
        self.options = options
        self.across_replicas = across_replicas

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Compute the loss; every replica computes that of the global batch."""
        if not self.across_replicas or self.options["mining"] is None:
            return super().__call__(y_true, y_pred, sample_weight)
        tensors = (None if t is None else _gather(t) for t in (y_true, y_pred, sample_weight))
        loss = super().__call__(*tensors)
        # Keras divides means by the number of replicas, over which it adds up gradients; not sums.
        return loss / count() if self.reduction == "sum" else loss

    def call(self, y_true, y_pred):
        """Give one cost a sample."""
        return self.function(y_true, y_pred, **self.options)

    def get_config(self):
        """Describe the arguments."""
        return {
            **super().get_config(),
            **self.options,
            "across_replicas": self.across_replicas,
        }


def prepare(y_pred, normalize, explicit):
    """Give embeddings in float32 or wider, of length 1 if wanted.

    Args:
        y_pred: Embeddings, `(batch, dim)`, or `(batch, explicit, dim)`.
        normalize: Whether to scale them to length 1.
        explicit: How many embeddings belong together, or 0 for a batch of them.

    Returns:
        A tensor of the same shape.

    Raises:
        ValueError: If the shape is another one.
    """
    embeddings = wide(y_pred)
    shape = tuple(embeddings.shape)
    if explicit and (len(shape) != 3 or shape[1] != explicit):
        raise ValueError(
            f"Without mining, predictions are (batch, {explicit}, dim). "
            f"Received: y_pred.shape={shape}"
        )
    if not explicit and len(shape) != 2:
        raise ValueError(
            "To mine, predictions are (batch, dim); mining=None takes groups of them. "
            f"Received: y_pred.shape={shape}"
        )
    return unit(embeddings) if normalize else embeddings


def matches(y_true):
    """Tell which labels are equal, and which places are not on the diagonal.

    Args:
        y_true: Integer labels, `(batch,)` or `(batch, 1)`.

    Returns:
        Two tables of booleans, `(batch, batch)`.
    """
    labels = ops.reshape(ops.convert_to_tensor(y_true), (-1,))
    others = ops.logical_not(ops.eye(ops.shape(labels)[0], dtype="bool"))
    return ops.equal(labels[:, None], labels[None, :]), others


def check_choice(name, value, known):
    """Refuse a value that is not one of those known."""
    if value not in known:
        raise ValueError(f"{name} must be one of {tuple(known)}. Received: {name}={value!r}")


def check_distance(distance):
    """Refuse an unknown distance."""
    check_choice("distance", distance, DISTANCES)


def _gather(value):
    value = ops.convert_to_tensor(value)
    return gather(value) if len(value.shape) else value
