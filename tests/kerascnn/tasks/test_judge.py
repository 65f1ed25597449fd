"""The judge of generated digits knows digits, and its distances tell good ones from bad."""

import keras
import numpy as np
import pytest

from kerascnn import data
from kerascnn.tasks import get_task
from kerascnn.tasks.fidelity import frechet_distance
from kerascnn.tasks.judge import judge, network


@pytest.fixture(scope="module", params=[8, 16])
def digits(request):
    dataset = data.load("digits", size=request.param)
    train = dataset.train.concatenate(dataset.validation)
    return data.arrays(train), data.arrays(dataset.test)


def distance(images, test):
    return frechet_distance(judge(images)[0], judge(test["image"])[0])


def test_it_knows_held_out_digits(digits):
    _, test = digits
    assert np.mean(judge(test["image"])[1].argmax(axis=-1) == test["label"]) >= 0.975


def test_real_digits_are_close_and_others_far(digits):
    train, test = digits
    count, side = len(test["image"]), test["image"].shape[1]
    mean = train["image"].mean(axis=0)
    noise = np.random.default_rng(0).uniform(size=test["image"].shape).astype("float32")
    few = train["image"][train["label"] < 5]
    assert distance(train["image"], test) < 3
    assert 300 < distance(np.broadcast_to(mean, (count, side, side, 1)), test) < 1000
    assert distance(noise, test) > 60
    assert distance(few, test) > 30


def test_generated_digits_are_scored_by_what_they_show(digits):
    train, test = digits
    task = get_task("generation")
    real = task.score(2 * train["image"][: len(test["image"])] - 1, test)
    assert real["fdd"] < 5
    assert (real["cover"], round(real["entropy"], 2)) == (10, 1.0)
    same = task.score(np.repeat(2 * test["image"][:1] - 1, len(test["image"]), axis=0), test)
    assert same["fdd"] > 300
    assert (same["cover"], same["entropy"]) == (1, 0)


def start_over():
    # In Keras 3.12 a seed counts only where no random number was drawn yet.
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)


def test_it_is_the_same_in_every_process_and_draws_no_random_numbers():
    start_over()
    expected = keras.ops.convert_to_numpy(keras.random.uniform((3,)))
    start_over()
    again = network.__wrapped__(8)
    np.testing.assert_array_equal(expected, keras.random.uniform((3,)))
    image = data.arrays(data.load("digits", size=8).test)["image"]
    np.testing.assert_allclose(judge(image)[0], again.predict(image, verbose=0)[0], atol=1e-3)


def test_larger_images_are_judged_at_sixteen_pixels():
    large = data.arrays(data.load("digits", size=32).test)
    probabilities = judge(large["image"])[1]
    assert np.mean(probabilities.argmax(axis=-1) == large["label"]) >= 0.97


@pytest.mark.parametrize("shape", [(4, 16, 16, 3), (4, 4, 4, 1), (4, 16, 20, 1)])
def test_images_that_cannot_be_digits_are_refused(shape):
    with pytest.raises(ValueError, match="square and grey"):
        judge(np.zeros(shape))


def test_the_distance_of_gaussians_is_that_of_their_moments():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50_000, 2))
    # Diagonal covariances: sum (m1 - m2)^2 + (s1 - s2)^2
    moved = x * [2.0, 0.5] + [3.0, -1.0]
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(x, moved) == pytest.approx(9 + 1 + 1 + 0.25, rel=0.02)
    assert frechet_distance(moved, x) == pytest.approx(frechet_distance(x, moved))
