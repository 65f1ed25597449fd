"""The margin loss of capsules whose length is a probability."""

import keras
from keras import ops

from kerascnn.losses.targets import wide


def capsule_margin(y_true, y_pred, *, present=0.9, absent=0.1, absent_weight=0.5):
    """Ask for long capsules of the classes that are there and short ones of the others.

    `sum_k T_k max(0, m+ - n_k)^2 + lambda (1 - T_k) max(0, n_k - m-)^2`, with lengths `n` and
    `T_k` 1 where class `k` is present; several may be. Computed in float32 or wider.

    Args:
        y_true: One number a class in [0, 1], `(batch, classes)`, or the index of the only class,
            `(batch,)` or `(batch, 1)`.
        y_pred: Lengths, `(batch, classes)`, in [0, 1).
        present: Length from which a present class costs nothing, `m+`, in (0, 1].
        absent: Length up to which an absent class costs nothing, `m-`, in [0, `present`).
        absent_weight: Weight of the absent classes, `lambda`, above 0.

    Returns:
        `(batch,)`, one cost a sample.

    Raises:
        ValueError: If a number is out of its range.

    Example:
        >>> capsule_margin([[1.0, 0.0]], [[0.5, 0.5]]).numpy()  # 0.16 + 0.08
        array([0.24], dtype=float32)

    Reference:
        https://arxiv.org/abs/1710.09829, eq. 4
    """
    _check_lengths(present, absent, absent_weight)
    targets, lengths = one_hot_and_wide(y_true, y_pred)
    short, long = ops.relu(present - lengths), ops.relu(lengths - absent)
    costs = targets * short * short + absent_weight * (1.0 - targets) * long * long
    return ops.sum(costs, axis=-1)


@keras.saving.register_keras_serializable(package="kerascnn")
class CapsuleMargin(keras.losses.Loss):
    """Compute `capsule_margin` of the capsules' lengths.

    Args:
        present: Length from which a present class costs nothing, in (0, 1].
        absent: Length up to which an absent class costs nothing, in [0, `present`).
        absent_weight: Weight of the absent classes, above 0.
        reduction: How the samples are reduced, as in every Keras loss.
        name: Name of the loss.
        dtype: Precision of the computation.

    Raises:
        ValueError: If a number is out of its range.

    Example:
        >>> model.compile("adam", loss=kerascnn.losses.CapsuleMargin())

    Reference:
        https://arxiv.org/abs/1710.09829
    """

    def __init__(
        self,
        present=0.9,
        absent=0.1,
        absent_weight=0.5,
        reduction="sum_over_batch_size",
        name="capsule_margin",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        _check_lengths(present, absent, absent_weight)
        self.options = {"present": present, "absent": absent, "absent_weight": absent_weight}

    def call(self, y_true, y_pred):
        """Give one cost a sample."""
        return capsule_margin(y_true, y_pred, **self.options)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), **self.options}


def one_hot_and_wide(y_true, y_pred):
    """Give one-hot targets and predictions, both in float32 or wider."""
    y_true, y_pred = ops.convert_to_tensor(y_true), wide(y_pred)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == y_pred.shape[-1]:
        return ops.cast(y_true, y_pred.dtype), y_pred
    classes = ops.cast(ops.reshape(y_true, (-1,)), "int32")
    return ops.one_hot(classes, y_pred.shape[-1], dtype=y_pred.dtype), y_pred


def _check_lengths(present, absent, absent_weight):
    if not 0 <= absent < present <= 1:
        raise ValueError(
            "Lengths must keep 0 <= absent < present <= 1. "
            f"Received: present={present}, absent={absent}"
        )
    if absent_weight <= 0:
        raise ValueError(f"absent_weight must be above 0. Received: absent_weight={absent_weight}")
