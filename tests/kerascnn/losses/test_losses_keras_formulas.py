"""The losses of the survey that are Keras's own: they are what the survey says."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.losses import f_divergence

RNG = np.random.default_rng(0)
HALF, SKEWED = np.array([[0.5, 0.5]]), np.array([[0.9, 0.1]])


def test_the_divergence_of_two_coins_depends_on_the_direction():
    np.testing.assert_allclose(keras.losses.kl_divergence(HALF, SKEWED), [0.5108256], rtol=1e-6)
    np.testing.assert_allclose(keras.losses.kl_divergence(SKEWED, HALF), [0.3680642], rtol=1e-6)


def test_the_divergence_is_cross_entropy_less_entropy():
    entropy = keras.losses.categorical_crossentropy(HALF, HALF)
    crossed = keras.losses.categorical_crossentropy(HALF, SKEWED)
    np.testing.assert_allclose(entropy, [0.6931472], rtol=1e-6)
    np.testing.assert_allclose(crossed, [1.2039728], rtol=1e-6)
    p, q = RNG.dirichlet(np.ones(5), (2, 8))
    difference = keras.losses.categorical_crossentropy(
        p, q
    ) - keras.losses.categorical_crossentropy(p, p)
    np.testing.assert_allclose(keras.losses.kl_divergence(p, q), difference, atol=1e-7)


def test_the_divergence_is_the_first_of_the_family():
    p, q = 0.8 * RNG.dirichlet(np.ones(5), (2, 8)) + 0.04
    expected = keras.losses.kl_divergence(p, q)
    np.testing.assert_allclose(f_divergence(p, q, divergence="kl"), expected, rtol=1e-5)
    backward = f_divergence(q, p, divergence="reverse_kl")
    np.testing.assert_allclose(backward, expected, rtol=1e-5)


def test_no_divergence_is_negative_and_that_of_equals_is_0():
    p, q = RNG.dirichlet(np.full(5, 0.3), (2, 200))
    assert np.min(keras.losses.kl_divergence(p, q)) >= 0
    np.testing.assert_allclose(keras.losses.kl_divergence(p, p), np.zeros(200), atol=1e-7)


@pytest.mark.parametrize(("target", "cost"), [(1.0, 0.2231436), (0.0, 1.6094379)])
def test_the_binary_log_loss_of_a_probability_of_four_fifths(target, cost):
    value = keras.losses.binary_crossentropy([[target]], [[0.8]])
    np.testing.assert_allclose(value, [cost], rtol=1e-6)
    value = keras.losses.binary_crossentropy([[target]], [[np.log(4.0)]], from_logits=True)
    np.testing.assert_allclose(value, [cost], rtol=1e-6)


@pytest.mark.parametrize("logit", [-100.0, 0.3, 100.0])
@pytest.mark.parametrize("target", [0.0, 1.0])
def test_the_slope_of_the_binary_log_loss_is_the_error(target, logit):
    logits = tf.constant([[logit]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = keras.losses.binary_crossentropy([[target]], logits, from_logits=True)
    assert np.isfinite(value).all()
    expected = 1 / (1 + np.exp(-logit)) - target
    np.testing.assert_allclose(tape.gradient(value, logits), [[expected]], rtol=1e-5, atol=1e-7)


def test_the_log_loss_of_the_third_class():
    probabilities, cost = np.array([[0.1, 0.2, 0.7]]), [0.3566749]
    value = keras.losses.categorical_crossentropy([[0.0, 0.0, 1.0]], probabilities)
    np.testing.assert_allclose(value, cost, rtol=1e-6)
    value = keras.losses.sparse_categorical_crossentropy(np.array([2]), probabilities)
    np.testing.assert_allclose(value, cost, rtol=1e-6)


def test_the_log_loss_of_a_class_is_the_divergence_from_its_one_hot_target():
    targets, q = np.eye(4)[[0, 3, 1]], RNG.dirichlet(np.ones(4), 3)
    np.testing.assert_allclose(
        keras.losses.categorical_crossentropy(targets, q),
        keras.losses.kl_divergence(targets, q),
        atol=1e-5,
    )


def test_the_slope_of_the_log_loss_is_the_error():
    logits, targets = tf.constant(RNG.normal(size=(3, 4))), np.eye(4)[[0, 3, 1]]
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = keras.losses.categorical_crossentropy(targets, logits, from_logits=True)
    powers = np.exp(logits)
    expected = powers / powers.sum(axis=-1, keepdims=True) - targets
    np.testing.assert_allclose(tape.gradient(value, logits), expected, rtol=1e-6)


def test_the_squared_error_is_a_mean_over_all_numbers():
    truth, guess = RNG.normal(size=(2, 3, 4))
    expected = [
        np.mean([(a - b) ** 2 for a, b in zip(*row, strict=True)])
        for row in zip(truth, guess, strict=True)
    ]
    np.testing.assert_allclose(keras.losses.mean_squared_error(truth, guess), expected, rtol=1e-6)


def test_a_line_of_least_squared_error_is_the_least_squares_solution():
    keras.utils.set_random_seed(0)
    inputs = RNG.normal(size=(64, 3)).astype("float32")
    targets = inputs @ np.float32([[1.0], [-2.0], [0.5]]) + 0.3 * RNG.normal(size=(64, 1))
    solution = np.linalg.lstsq(np.c_[inputs, np.ones(64)], targets, rcond=None)[0]
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.3), loss="mse")
    model.fit(inputs, targets, batch_size=64, epochs=80, shuffle=False, verbose=0)
    np.testing.assert_allclose(
        np.concatenate([*model.get_weights()[:1], model.get_weights()[1][None]]),
        solution,
        atol=1e-4,
    )
