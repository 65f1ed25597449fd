"""The family of f-divergences: one formula and a table."""

import keras
from keras import ops

from kerascnn.losses.divergence_table import DIVERGENCES, Divergence
from kerascnn.losses.targets import wide

_EPSILON = 1e-7


def find_divergence(name: str) -> Divergence:
    """Find the f-divergence of this name.

    | name | `f(u)` |
    |---|---|
    | `"kl"` | `u log u` |
    | `"reverse_kl"` | `-log u` |
    | `"pearson"` | `(u - 1)^2` |
    | `"neyman"` | `(1 - u)^2 / u` |
    | `"squared_hellinger"` | `(sqrt(u) - 1)^2` |
    | `"total_variation"` | `abs(u - 1) / 2` |
    | `"jensen_shannon"` | `(u log u - (u + 1) log((u + 1) / 2)) / 2` |
    | `"gan"` | `u log u - (u + 1) log(u + 1)`, which is `2 JSD - log 4` |

    Args:
        name: One of those above.

    Returns:
        Its function, and the conjugate and the activation of its variational bound.

    Raises:
        ValueError: If there is no such divergence.

    Example:
        >>> float(find_divergence("pearson").function(3.0))
        4.0

    Reference:
        https://arxiv.org/abs/1606.00709
    """
    if name not in DIVERGENCES:
        raise ValueError(
            f"The divergence must be one of {tuple(DIVERGENCES)}. Received: divergence={name!r}"
        )
    return DIVERGENCES[name]


def f_divergence(y_true, y_pred, *, divergence="kl"):
    """Compute `sum q f(p / q)` over the last axis, in nats where `f` has a logarithm.

    1e-7 is added to all probabilities: the divergence of equal distributions stays 0, and that of
    distributions that share nothing is finite, also where the formula is not. Computed in float32
    or wider.

    Args:
        y_true: Probabilities `p`, `(batch, ..., num_classes)`.
        y_pred: Probabilities `q`, of the same shape.
        divergence: Name of a row of `kerascnn.losses.find_divergence`.

    Returns:
        `(batch, ...)`, one divergence a distribution.

    Raises:
        ValueError: If there is no such divergence.

    Example:
        >>> float(f_divergence([[0.5, 0.5]], [[0.9, 0.1]])[0])
        0.510825...

    Reference:
        https://arxiv.org/abs/1606.00709
    """
    function = find_divergence(divergence).function
    y_true, y_pred = wide(y_true) + _EPSILON, wide(y_pred) + _EPSILON
    return ops.sum(y_pred * function(y_true / y_pred), axis=-1)


@keras.saving.register_keras_serializable(package="kerascnn")
class FDivergence(keras.losses.Loss):
    """Compute `f_divergence` of two distributions.

    Args:
        divergence: Name of a row of `kerascnn.losses.find_divergence`.
        reduction: How the samples are reduced, as in every Keras loss.
        name: Name of the loss.
        dtype: Precision of the computation.

    Raises:
        ValueError: If there is no such divergence.

    Example:
        >>> model.compile(loss=kerascnn.losses.FDivergence(divergence="squared_hellinger"))
    """

    def __init__(
        self,
        *,
        divergence: str = "kl",
        reduction="sum_over_batch_size",
        name="f_divergence",
        dtype=None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        find_divergence(divergence)
        self.divergence = divergence

    def call(self, y_true, y_pred):
        """Give one divergence a distribution."""
        return f_divergence(y_true, y_pred, divergence=self.divergence)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "divergence": self.divergence}
