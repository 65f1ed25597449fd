import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from kerascnn.training import GAN, gradient_penalty

RNG = np.random.default_rng(0)


def quadratic(images, training):
    """Scores whose slope at x is 2 x."""
    return tf.reduce_sum(images**2, axis=(1, 2, 3))


def test_it_is_the_squared_distance_of_the_slope_from_1():
    real, fake = RNG.normal(size=(2, 6, 3, 2, 1)).astype("float32")
    places = np.array(keras.random.uniform((6, 1, 1, 1), seed=3))
    expected = []
    for r, f, place in zip(real, fake, places.ravel(), strict=True):
        slope = 2 * (place * r + (1 - place) * f)
        expected.append((np.sqrt(np.sum(slope**2)) - 1) ** 2)
    np.testing.assert_allclose(gradient_penalty(quadratic, real, fake, seed=3), expected, rtol=1e-5)


def test_every_sample_has_a_place_of_its_own_between_its_images():
    seen = []

    def watch(images, training):
        seen.append(np.array(images))
        return images

    gradient_penalty(watch, np.zeros((50, 1)), np.ones((50, 1)))
    assert len(np.unique(seen[0])) == 50
    assert seen[0].min() >= 0
    assert seen[0].max() <= 1
    assert 0.3 < seen[0].mean() < 0.7


@pytest.mark.parametrize("patches", [(), (2,), (2, 2, 1)])
def test_the_scores_of_patches_are_averaged(patches):
    def score(images, training):
        values = 3.0 * tf.reshape(images, (-1, *[1] * len(patches)))
        return tf.broadcast_to(values, (4, *patches))

    penalty = gradient_penalty(score, np.zeros((4, 1)), np.ones((4, 1)))
    np.testing.assert_allclose(penalty, [4.0] * 4, rtol=1e-6)


def test_its_gradient_is_the_derivative_of_the_slope():
    weight = tf.Variable([[2.0], [-1.0]])
    with tf.GradientTape() as tape:
        penalty = gradient_penalty(
            lambda images, training: images @ weight, *RNG.normal(size=(2, 3, 2)).astype("float32")
        )
    length = np.sqrt(5)
    np.testing.assert_allclose(penalty, [(length - 1) ** 2] * 3, rtol=1e-6)
    expected = 3 * 2 * (length - 1) / length * weight.numpy()
    np.testing.assert_allclose(tape.gradient(penalty, weight), expected, rtol=1e-5)


def test_a_slope_of_0_costs_1_with_a_finite_gradient():
    weight = tf.Variable([[0.0], [0.0]])
    with tf.GradientTape() as tape:
        penalty = gradient_penalty(
            lambda images, training: images @ weight, np.ones((3, 2)), np.ones((3, 2))
        )
    np.testing.assert_array_equal(penalty, [1.0] * 3)
    np.testing.assert_array_equal(tape.gradient(penalty, weight), [[0.0], [0.0]])


@pytest.mark.parametrize(
    ("policy", "jit_compile"), [("float32", False), ("mixed_float16", False), ("float32", True)]
)
def test_a_critic_learns_the_wasserstein_distance_of_two_numbers(policy, jit_compile):
    # The best critic between the points 0 and 2 has the slope 1, and a value of 2.
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    try:
        latent, number = keras.Input((1,)), keras.Input((1,))
        generator = keras.Model(
            latent, layers.Dense(1, trainable=False, kernel_initializer="zeros")(latent)
        )
        x = layers.Dense(16, activation="tanh")(number)
        critic = keras.Model(number, layers.Dense(1, dtype="float32")(x))
    finally:
        keras.config.set_dtype_policy("float32")
    gan = GAN(
        generator,
        critic,
        loss="wasserstein",
        loss_options={"drift": 1e-3},
        gradient_penalty=10.0,
        seed=0,
    )
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.Adam(0.03), jit_compile=jit_compile)
    numbers = np.full((33, 1), 2.0, "float32")
    gan.fit(numbers, batch_size=16, epochs=25, verbose=0)
    scores = critic.predict(np.array([[0.0], [2.0]]), verbose=0)
    assert abs(scores[1, 0] - scores[0, 0] - 2.0) < 0.3
    logs = gan.evaluate(numbers, verbose=0, return_dict=True)
    assert np.isfinite([*logs.values()]).all()


def test_without_a_weight_nothing_is_drawn():
    latent, number = keras.Input((1,)), keras.Input((1,))
    networks = (
        keras.Model(latent, layers.Dense(1)(latent)),
        keras.Model(number, layers.Dense(1)(number)),
    )
    losses = []
    for weight in (0.0, 1e-9):
        gan = GAN(*networks, gradient_penalty=weight, seed=0)
        gan.discriminator_loss(np.ones((2, 1), "float32"), None, np.ones((2, 1), "float32"))
        losses.append(np.array(gan.noise.seed_generator.state))
    assert np.any(losses[0] != losses[1])
    np.testing.assert_array_equal(
        losses[0], np.array(GAN(*networks, seed=0).noise.seed_generator.state)
    )
