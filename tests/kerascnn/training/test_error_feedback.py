import keras
import numpy as np
import pytest

from kerascnn.losses import KeypointError
from kerascnn.training import ErrorFeedback

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(size=(8, 4, 4, 1)).astype("float32")
POINTS = np.concatenate([RNG.uniform(size=(8, 3, 2)), np.ones((8, 3, 1))], -1).astype("float32")


def build(correction, **options):
    """Take corrections that are a function of the points, whatever the image."""
    image, points = keras.Input((4, 4, 1)), keras.Input((3, 2))
    seen = keras.layers.GlobalAveragePooling2D()(image)[:, None]
    corrector = keras.Model([image, points], correction(points) + 0.0 * seen)
    model = ErrorFeedback(corrector, seed=1, **options)
    model.compile(keras.optimizers.SGD(0.0), KeypointError())
    return model


def slow_bounded(way, bound):
    length = np.linalg.norm(way)
    return way if length <= bound else way / length * bound


def test_each_step_sees_the_points_of_the_one_before():
    model = build(lambda points: 0.5 - points, steps=3, bound=0.2)
    model.start.set_weights([POINTS[0, :, :2]])
    expected = POINTS[0, :, :2]
    for _ in range(3):
        expected = expected + 0.2 * (0.5 - expected)
    np.testing.assert_allclose(model(IMAGES)[5], expected, rtol=1e-5)
    np.testing.assert_allclose(model.deployable(IMAGES), model(IMAGES), rtol=1e-6)


def test_training_asks_for_the_next_bounded_correction_on_the_straight_way():
    model = build(lambda points: 0.0 * points, steps=4, bound=0.1)
    ways = POINTS[..., :2] - 0.5
    costs = []
    for done in range(4):
        left = [way - slow_bounded(way, done * 0.1) for way in ways.reshape(-1, 2)]
        wanted = [slow_bounded(way, 0.1) / 0.1 for way in left]
        costs.append((np.square(wanted).sum(-1)).reshape(8, 3).mean(-1))
    start = np.square(ways).sum(-1).mean()
    # Every image takes each number of corrections equally often.
    values = [model.train_on_batch(IMAGES, POINTS) for _ in range(300)]
    assert np.mean(values) == pytest.approx(start + np.mean(costs), rel=0.02)
    assert len(set(np.round(values, 6))) > 10


def test_one_step_without_noise_is_always_the_same_regression():
    model = build(lambda points: 0.0 * points, steps=1, bound=2.0)
    ways = POINTS[..., :2] - 0.5
    squares = np.square(ways).sum(-1).mean()
    assert float(model.train_on_batch(IMAGES, POINTS)) == pytest.approx(squares * 1.25, rel=1e-4)


def test_noise_moves_the_points_of_training_alone():
    noisy = build(lambda points: 0.0 * points, steps=1, bound=2.0, noise=0.5)
    values = [noisy.train_on_batch(IMAGES, POINTS) for _ in range(200)]
    ways = np.square(POINTS[..., :2] - 0.5).sum(-1).mean()
    # The noise has a variance of 0.25 an axis, and corrections are in units of 2.
    assert np.mean(values) == pytest.approx(ways + (ways + 0.5) / 4, rel=0.1)
    np.testing.assert_allclose(noisy(IMAGES), 0.5 * np.ones((8, 3, 2)))


def test_points_that_are_not_marked_cost_nothing():
    model = build(lambda points: 0.0 * points)
    assert float(model.train_on_batch(IMAGES, POINTS * [1, 1, 0])) == 0.0


def test_the_start_becomes_the_mean_and_is_no_way_out_of_a_correction():
    model = build(lambda points: 0.0 * points)
    model.compile(keras.optimizers.SGD(0.5), KeypointError())
    model.fit(IMAGES, POINTS, epochs=60, verbose=0)
    np.testing.assert_allclose(model.start.mean, POINTS[..., :2].mean(0), atol=1e-3)


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"bound": 0.0}, {"noise": -0.1}], ids=str)
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="Received: steps="):
        build(lambda points: points, **wrong)
