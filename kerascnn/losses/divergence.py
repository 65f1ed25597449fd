"""Divergences between distributions, in nats."""

import keras
from keras import ops


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
    y_pred = ops.convert_to_tensor(y_pred)
    if y_pred.shape[-1] % 2:
        raise ValueError(
            "The last axis must hold as many means as log-variances. "
            f"Received: y_pred.shape={tuple(y_pred.shape)}"
        )
    y_pred = ops.cast(y_pred, keras.backend.result_type(y_pred.dtype, "float32"))
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
