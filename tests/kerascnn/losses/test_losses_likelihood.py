import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.losses import bernoulli_nats, gaussian_nats

RNG = np.random.default_rng(0)


def test_it_is_the_sum_of_the_pixels_log_losses():
    images, drawn = RNG.uniform(0.01, 0.99, (2, 3, 4, 5, 2))
    expected = np.zeros(3)
    for index in np.ndindex(images.shape):
        x, p = images[index], drawn[index]
        expected[index[0]] -= x * np.log(p) + (1 - x) * np.log(1 - p)
    np.testing.assert_allclose(bernoulli_nats(images, drawn), expected, rtol=1e-5)


@pytest.mark.parametrize(("image", "expected"), [(1.0, 0.2231436), (0.0, 1.6094379)])
def test_known_values(image, expected):
    np.testing.assert_allclose(bernoulli_nats([[image]], [[0.8]]), [expected], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_certainty_costs_little_or_much_and_never_infinity(dtype, probability):
    drawn = tf.constant([[probability, probability]], dtype)
    with tf.GradientTape() as tape:
        tape.watch(drawn)
        nats = bernoulli_nats(np.array([[0.0, 1.0]], dtype), drawn)
    assert nats.dtype == "float32"
    np.testing.assert_allclose(nats, [-np.log(1e-7)], rtol=0.02)
    assert np.isfinite(tape.gradient(nats, drawn)).all()


def test_it_survives_its_configuration():
    assert keras.losses.deserialize(keras.losses.serialize(bernoulli_nats)) is bernoulli_nats


def test_gaussian_nats_are_those_of_the_density():
    values, mean, log_var = RNG.normal(size=(3, 4, 2, 5))
    expected = np.zeros((4, 2))
    for index in np.ndindex(values.shape):
        x, m, variance = values[index], mean[index], np.exp(log_var[index])
        density = np.exp(-((x - m) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
        expected[index[:2]] -= np.log(density)
    parameters = np.concatenate([mean, log_var], axis=-1)
    np.testing.assert_allclose(gaussian_nats(values, parameters), expected, rtol=1e-5)


def test_gaussian_nats_of_half_precision_are_single():
    nats = gaussian_nats(np.ones((1, 2), "float16"), np.zeros((1, 4), "float16"))
    assert nats.dtype == "float32"
    np.testing.assert_allclose(nats, [np.log(2 * np.pi) + 1], rtol=1e-6)
