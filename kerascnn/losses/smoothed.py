"""Cross entropy with labels that are not quite certain."""

import keras
from keras import ops

from kerascnn.losses.capsule import one_hot_and_wide


def smoothed_crossentropy(y_true, y_pred, *, label_smoothing=0.1, from_logits=False):
    """Compute the cross entropy, in nats, with a target that leaves some chance to every class.

    `-sum_k t_k log p_k`, where `t_k` is `s / K`, and `1 - s` more at the true one of `K` classes.
    Computed in float32 or wider.

    Args:
        y_true: The true class as its index, `(batch,)` or `(batch, 1)`, or one number a class,
            `(batch, num_classes)`.
        y_pred: Probabilities, `(batch, num_classes)`, of which none counts below 1e-7.
        label_smoothing: `s`, in [0, 1).
        from_logits: Predictions are logits, of which the softmax is taken.

    Returns:
        `(batch,)`, one cost a sample.

    Raises:
        ValueError: If the smoothing is out of its range.

    Example:
        >>> smoothed_crossentropy([0], [[0.5, 0.5]]).numpy()
        array([0.6931472], dtype=float32)

    Reference:
        https://arxiv.org/abs/1512.00567, section 7
    """
    check_smoothing(label_smoothing)
    targets, outputs = one_hot_and_wide(y_true, y_pred)
    targets = (1.0 - label_smoothing) * targets + label_smoothing / outputs.shape[-1]
    if from_logits:
        nats = ops.log_softmax(outputs, axis=-1)
    else:
        nats = ops.log(ops.clip(outputs, keras.config.epsilon(), 1.0))
    return -ops.sum(targets * nats, axis=-1)


@keras.saving.register_keras_serializable(package="kerascnn")
class SmoothedCrossentropy(keras.losses.Loss):
    """Compute `smoothed_crossentropy`; unlike Keras's own label smoothing it takes integer labels.

    Args:
        label_smoothing: Share of the target that is spread over all classes, in [0, 1).
        from_logits: Predictions are logits, of which the softmax is taken.
        reduction: How the samples are reduced, as in every Keras loss.
        name: Name of the loss.
        dtype: Precision of the computation.

    Raises:
        ValueError: If the smoothing is out of its range.

    Example:
        >>> model.compile("adam", loss=kerascnn.losses.SmoothedCrossentropy())

    Reference:
        https://arxiv.org/abs/1512.00567
    """

    def __init__(
        self,
        label_smoothing=0.1,
        from_logits=False,
        reduction="sum_over_batch_size",
        name="smoothed_crossentropy",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_smoothing(label_smoothing)
        self.label_smoothing = label_smoothing
        self.from_logits = from_logits

    def call(self, y_true, y_pred):
        """Give one cost a sample."""
        return smoothed_crossentropy(
            y_true, y_pred, label_smoothing=self.label_smoothing, from_logits=self.from_logits
        )

    def get_config(self):
        """Describe the arguments."""
        own = {"label_smoothing": self.label_smoothing, "from_logits": self.from_logits}
        return {**super().get_config(), **own}


def check_smoothing(label_smoothing):
    """Refuse a share that is no share.

    Raises:
        ValueError: If the smoothing is out of its range.
    """
    if not 0 <= label_smoothing < 1:
        raise ValueError(
            f"label_smoothing must be in [0, 1). Received: label_smoothing={label_smoothing}"
        )
