"""Divergences between distributions, in nats."""

import keras
from keras import ops

from kerascnn.losses.targets import wide

_EPSILON = 1e-12


def gaussian_kl(y_true, y_pred):
    """Compute the divergence of diagonal Gaussians from the standard normal one, in nats.

    `1/2 sum(mean^2 + exp(log_var) - 1 - log_var)` over the latent axis, at least 0. Computed in
    float32 or wider.

    Args:
        y_true: Ignored; there is no target.
        y_pred: Mean and logarithm of the variance side by side, `(batch, ..., 2 * latent_dim)`.

    Returns:
        `(batch, ...)`, one divergence a sample.

    Raises:
        ValueError: If the last axis of `y_pred` is not even.

    Example:
        >>> float(gaussian_kl(None, keras.ops.array([[1.0, 1.3862944]]))[0])  # N(1, 2^2)
        1.30685...

    Reference:
        https://arxiv.org/abs/1312.6114, appendix B
    """
    del y_true
    y_pred = wide(y_pred)
    if y_pred.shape[-1] % 2:
        raise ValueError(
            "The last axis must hold as many means as log-variances. "
            f"Received: y_pred.shape={tuple(y_pred.shape)}"
        )
    mean, log_var = ops.split(y_pred, 2, axis=-1)
    # expm1 keeps the digits that exp - 1 loses when the posterior is close to the prior.
    return 0.5 * ops.sum(ops.square(mean) + ops.expm1(log_var) - log_var, axis=-1)


@keras.saving.register_keras_serializable(package="kerascnn")
class GaussianKL(keras.losses.Loss):
    """Compute `gaussian_kl` of the predictions; the targets are ignored.

    Args:
        reduction: How the samples are reduced, as in every Keras loss.
        name: Name of the loss.
        dtype: Precision of the computation.

    Example:
        >>> model.compile(loss={"posterior": kerascnn.losses.GaussianKL()})
    """

    def __init__(self, reduction="sum_over_batch_size", name="gaussian_kl", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        """Give one divergence a sample."""
        return gaussian_kl(y_true, y_pred)


def jensen_shannon(y_true, y_pred, *, from_logits=False):
    """Compute the divergence of two distributions from their mean `M`, in nats.

    `JSD(P, Q) = 1/2 KL(P, M) + 1/2 KL(Q, M)` over the last axis: symmetric, between 0 where they
    are equal and `log 2` where they share nothing, and the square of a metric. Probabilities may
    be exactly 0: the logarithms take 1e-12 more. Computed in float32 or wider.

    Args:
        y_true: Probabilities `P`, `(batch, ..., num_classes)`.
        y_pred: Probabilities `Q` of the same shape, or logits.
        from_logits: Whether `y_pred` holds logits.

    Returns:
        `(batch, ...)`, one divergence a distribution.

    Example:
        >>> float(jensen_shannon([[0.5, 0.5]], [[0.9, 0.1]])[0])
        0.101749...

    Reference:
        https://doi.org/10.1109/18.61115
    """
    y_true, y_pred = wide(y_true), wide(y_pred)
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=-1)
    mean = 0.5 * (y_true + y_pred)
    relative = (p * ops.log((p + _EPSILON) / (mean + _EPSILON)) for p in (y_true, y_pred))
    return 0.5 * ops.sum(sum(relative), axis=-1)


@keras.saving.register_keras_serializable(package="kerascnn")
class JensenShannon(keras.losses.Loss):
    """Compute `jensen_shannon` of two distributions.

    Args:
        from_logits: Whether the predictions are logits.
        reduction: How the samples are reduced, as in every Keras loss.
        name: Name of the loss.
        dtype: Precision of the computation.

    Example:
        >>> model.compile(loss=kerascnn.losses.JensenShannon(from_logits=True))
    """

    def __init__(
        self,
        *,
        from_logits: bool = False,
        reduction="sum_over_batch_size",
        name="jensen_shannon",
        dtype=None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.from_logits = from_logits

    def call(self, y_true, y_pred):
        """Give one divergence a distribution."""
        return jensen_shannon(y_true, y_pred, from_logits=self.from_logits)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "from_logits": self.from_logits}
