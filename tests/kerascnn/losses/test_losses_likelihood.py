import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.losses import bernoulli_nats

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
