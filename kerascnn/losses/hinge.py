"""Hinge losses of classifiers: the right scores shall lead by a margin."""

import keras
from keras import ops

from kerascnn.losses.targets import one_hot, wide


def hinge(y_true, y_pred, *, margin=1.0, power=1):
    """Compute the sum over the wrong classes `k` of `max(0, margin + y_k - y_i)^power`.

    `i` is the right class. Unlike `keras.losses.CategoricalHinge`, which asks only the strongest
    wrong class, every one of them counts.

    Args:
        y_true: Integer labels, `(batch,)` or `(batch, 1)`, or one-hot, `(batch, num_classes)`.
        y_pred: Scores without bounds, `(batch, num_classes)`.
        margin: By how much the right score shall lead, above 0.
        power: 1, or 2 for the squared hinge.

    Returns:
        `(batch,)`, one sum a sample, in float32 or wider.

    Raises:
        ValueError: If the margin is not positive, the power neither 1 nor 2, or the shapes do not
            belong together.

    Example:
        >>> hinge([1], [[2.0, 0.5, -1.0]])
        [2.5]

    Reference:
        https://www.esann.org/sites/default/files/proceedings/legacy/es1999-461.pdf
    """
    check(margin, power)
    y_pred = wide(y_pred)
    right = one_hot(y_true, y_pred)
    score = ops.sum(ops.where(right, y_pred, 0.0), axis=-1, keepdims=True)
    costs = raise_to(ops.relu(margin + y_pred - score), power)
    return ops.sum(ops.where(right, 0.0, costs), axis=-1)


class Margin(keras.losses.Loss):
    """Holds what all hinge losses are given.

    Args:
        margin: How far apart the scores shall be, above 0.
        power: 1, or 2 for the squared hinge.
        **kwargs: What every Keras loss takes.
    """

    def __init__(self, margin, power, **kwargs):
        super().__init__(**kwargs)
        check(margin, power)
        self.margin = margin
        self.power = power

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "margin": self.margin, "power": self.power}


@keras.saving.register_keras_serializable(package="kerascnn")
class Hinge(Margin):
    """Compute `hinge` of scores, with one right class a sample.

    Args:
        margin: By how much the right score shall lead, above 0.
        power: 1, or 2 for the squared hinge.
        reduction: How the samples are reduced, as in every Keras loss.
        name: Name of the loss.
        dtype: Precision of the computation.

    Raises:
        ValueError: If the margin is not positive, or the power neither 1 nor 2.

    Example:
        >>> model.compile(loss=kerascnn.losses.Hinge(), metrics=["accuracy"])
    """

    def __init__(
        self,
        *,
        margin: float = 1.0,
        power: int = 1,
        reduction="sum_over_batch_size",
        name="hinge",
        dtype=None,
    ) -> None:
        super().__init__(margin, power, name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        """Give one sum a sample."""
        return hinge(y_true, y_pred, margin=self.margin, power=self.power)


def check(margin, power):
    """Refuse arguments that are out of their range."""
    if margin <= 0:
        raise ValueError(f"margin must be above 0. Received: margin={margin}")
    if power not in (1, 2):
        raise ValueError(f"power must be 1 or 2. Received: power={power}")


def raise_to(costs, power):
    """Square, or leave."""
    return costs * costs if power == 2 else costs
