import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.losses import GaussianKL, gaussian_kl

RNG = np.random.default_rng(0)


def integral(mean, log_var):
    """The divergence by its definition, on a fine grid."""
    x = np.linspace(-60, 60, 400_001)
    p = np.exp(-((x - mean) ** 2) / (2 * np.exp(log_var))) / np.sqrt(2 * np.pi * np.exp(log_var))
    log_q = -(x**2) / 2 - np.log(2 * np.pi) / 2
    log_p = -((x - mean) ** 2) / (2 * np.exp(log_var)) - (np.log(2 * np.pi) + log_var) / 2
    return np.sum(p * (log_p - log_q)) * (x[1] - x[0])


def test_it_equals_the_integral():
    mean, log_var = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))
    expected = [
        sum(integral(m, v) for m, v in zip(*row, strict=True))
        for row in zip(mean, log_var, strict=True)
    ]
    values = gaussian_kl(None, np.concatenate([mean, log_var], -1))
    np.testing.assert_allclose(values, expected, rtol=1e-5)


@pytest.mark.parametrize(("mean", "variance", "expected"), [(1.0, 4.0, 1.3068528), (0.0, 1.0, 0.0)])
def test_known_values(mean, variance, expected):
    value = gaussian_kl(None, [[mean, np.log(variance)]])
    np.testing.assert_allclose(value, [expected], atol=1e-6)


def test_it_keeps_its_digits_close_to_the_prior():
    value = gaussian_kl(None, np.float32([[0.0, 1e-3]]))
    np.testing.assert_allclose(value, [0.5 * (np.expm1(1e-3) - 1e-3)], rtol=1e-3)


def test_the_gradient_is_mean_and_half_the_excess_variance():
    posterior = tf.constant([[0.5, -1.0, 0.3, -2.0]])
    with tf.GradientTape() as tape:
        tape.watch(posterior)
        value = gaussian_kl(None, posterior)
    expected = [[0.5, -1.0, np.expm1(0.3) / 2, np.expm1(-2.0) / 2]]
    np.testing.assert_allclose(tape.gradient(value, posterior), expected, rtol=1e-5)


def test_half_precision_is_computed_in_single():
    value = gaussian_kl(None, np.float16([[300.0, 0.0]]))
    assert value.dtype == "float32"
    np.testing.assert_allclose(value, [45_000.0])


def test_the_loss_ignores_the_targets_and_averages_samples():
    posterior = RNG.normal(size=(4, 6)).astype("float32")
    loss = GaussianKL()
    expected = np.mean(gaussian_kl(None, posterior))
    for targets in (np.zeros((4, 1)), np.ones((4, 8, 8, 1))):
        np.testing.assert_allclose(loss(targets, posterior), expected, rtol=1e-6)


def test_it_survives_its_configuration():
    loss = GaussianKL(reduction="sum", name="kl")
    loaded = keras.losses.deserialize(keras.losses.serialize(loss))
    assert isinstance(loaded, GaussianKL)
    assert (loaded.reduction, loaded.name) == ("sum", "kl")


def test_an_odd_last_axis_is_refused():
    with pytest.raises(ValueError, match=r"Received: y_pred.shape=\(1, 3\)"):
        gaussian_kl(None, [[1.0, 2.0, 3.0]])
