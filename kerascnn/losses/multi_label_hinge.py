"""The hinge loss of classifiers that give any number of labels."""

import keras
from keras import ops

from kerascnn.losses.hinge import Margin, check, raise_to
from kerascnn.losses.targets import wide


def multi_label_hinge(y_true, y_pred, *, margin=1.0, power=1):
    """Compute the sum over all labels of `max(0, margin - s_i y_i)^power`.

    `s_i` is 1 where the label applies and -1 where it does not. `keras.losses.Hinge` is the mean
    of the same.

    Args:
        y_true: Labels, 1 where they apply and 0 or -1 where not, `(batch, num_labels)`.
        y_pred: Scores without bounds, `(batch, num_labels)`.
        margin: How far from 0 the scores shall be, above 0.
        power: 1, or 2 for the squared hinge.

    Returns:
        `(batch,)`, one sum a sample, in float32 or wider.

    Raises:
        ValueError: If the margin is not positive, or the power neither 1 nor 2.

    Example:
        >>> multi_label_hinge([[0, 1, 0]], [[2.0, 0.5, -1.0]])
        [3.5]
    """
    check(margin, power)
    y_true, y_pred = wide(y_true), wide(y_pred)
    signed = ops.where(y_true > 0, y_pred, -y_pred)
    return ops.sum(raise_to(ops.relu(margin - signed), power), axis=-1)


@keras.saving.register_keras_serializable(package="kerascnn")
class MultiLabelHinge(Margin):
    """Compute `multi_label_hinge` of scores, with any number of labels a sample.

    Args:
        margin: How far from 0 the scores shall be, above 0.
        power: 1, or 2 for the squared hinge.
        reduction: How the samples are reduced, as in every Keras loss.
        name: Name of the loss.
        dtype: Precision of the computation.

    Raises:
        ValueError: If the margin is not positive, or the power neither 1 nor 2.

    Example:
        >>> model.compile(loss=kerascnn.losses.MultiLabelHinge(power=2))
    """

    def __init__(
        self,
        *,
        margin: float = 1.0,
        power: int = 1,
        reduction="sum_over_batch_size",
        name="multi_label_hinge",
        dtype=None,
    ) -> None:
        super().__init__(margin, power, name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        """Give one sum a sample."""
        return multi_label_hinge(y_true, y_pred, margin=self.margin, power=self.power)
