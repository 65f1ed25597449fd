"""The spread loss of capsules with activations."""

import keras
from keras import ops

from kerascnn.losses.capsule import one_hot_and_wide


def spread(y_true, y_pred, *, margin=0.9):
    """Ask for a margin between the activation of the true class and every other one.

    `sum_{i != t} max(0, m - (a_t - a_i))^2`. Computed in float32 or wider.

    Args:
        y_true: The true class one-hot, `(batch, classes)`, or as its index, `(batch,)` or
            `(batch, 1)`.
        y_pred: Activations, `(batch, classes)`, in [0, 1].
        margin: `m`, above 0, a number or a scalar tensor. A small one early in training avoids
            dead capsules.

    Returns:
        `(batch,)`, one cost a sample.

    Raises:
        ValueError: If the margin is a number and not positive.

    Example:
        >>> spread([0], [[0.5, 0.6]], margin=0.2).numpy()
        array([0.09], dtype=float32)

    Reference:
        https://openreview.net/forum?id=HJWLfGWRb, eq. 3
    """
    _check_margin(margin)
    targets, activations = one_hot_and_wide(y_true, y_pred)
    true = ops.sum(targets * activations, axis=-1, keepdims=True)
    missing = ops.relu(ops.cast(margin, activations.dtype) - true + activations)
    return ops.sum((1.0 - targets) * missing * missing, axis=-1)


@keras.saving.register_keras_serializable(package="kerascnn")
class Spread(keras.losses.Loss):
    """Compute `spread` of the class capsules' activations.

    The attribute `margin` is a variable, so that a callback can raise it during training, as the
    paper does from 0.2 to 0.9; `get_config` gives its present value.

    Args:
        margin: The margin to start with, above 0.
        reduction: How the samples are reduced, as in every Keras loss.
        name: Name of the loss.
        dtype: Precision of the computation.

    Raises:
        ValueError: If the margin is not positive.

    Example:
        >>> loss = kerascnn.losses.Spread(margin=0.2)
        >>> keras.callbacks.LambdaCallback(  # doctest: +SKIP
        ...     on_epoch_begin=lambda epoch, logs: loss.margin.assign(min(0.9, 0.2 + 0.1 * epoch))
        ... )

    Reference:
        https://openreview.net/forum?id=HJWLfGWRb
    """

    def __init__(self, margin=0.9, reduction="sum_over_batch_size", name="spread", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        _check_margin(margin)
        # In double precision a margin is what it was when read back.
        self.margin = keras.Variable(margin, dtype="float64", trainable=False, name="margin")

    def call(self, y_true, y_pred):
        """Give one cost a sample."""
        return spread(y_true, y_pred, margin=self.margin)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "margin": float(ops.convert_to_numpy(self.margin))}


def _check_margin(margin):
    if isinstance(margin, int | float) and margin <= 0:
        raise ValueError(f"margin must be above 0. Received: margin={margin}")
