import keras
import numpy as np
import pytest

from kerascnn.layers import SaltAndPepper

IMAGES = np.random.default_rng(0).uniform(0.2, 0.8, size=(8, 40, 40, 1)).astype("float32")


@pytest.mark.parametrize("rate", [0.1, 0.5, 1.0])
def test_a_share_of_the_pixels_becomes_black_or_white_in_training(rate):
    noisy = np.array(SaltAndPepper(rate, seed=1)(IMAGES, training=True))
    black, white = (noisy == 0).mean(), (noisy == 1).mean()
    assert black == pytest.approx(rate / 2, abs=0.015)
    assert white == pytest.approx(rate / 2, abs=0.015)
    kept = (noisy > 0) & (noisy < 1)
    np.testing.assert_array_equal(noisy[kept], IMAGES[kept])


def test_pixels_are_hit_independently():
    hit = np.array(SaltAndPepper(0.5, seed=1)(IMAGES, training=True)) != IMAGES
    pairs = [
        (hit[:, 1:], hit[:, :-1]),
        (hit[:, :, 1:], hit[:, :, :-1]),
        (hit[1:], hit[:-1]),
    ]
    for first, second in pairs:
        assert np.mean(first & second) == pytest.approx(0.25, abs=0.02)


def test_nothing_changes_at_inference():
    np.testing.assert_array_equal(SaltAndPepper(0.5)(IMAGES), IMAGES)


def test_the_noise_is_new_each_time_and_repeats_with_its_seed():
    layer = SaltAndPepper(0.5, seed=3)
    first, second = (np.array(layer(IMAGES, training=True)) for _ in range(2))
    assert np.abs(first - second).max() > 0
    np.testing.assert_array_equal(SaltAndPepper(0.5, seed=3)(IMAGES, training=True), first)


def test_half_precision_stays_half():
    layer = SaltAndPepper(0.5, dtype="mixed_float16")
    noisy = layer(IMAGES, training=True)
    assert keras.backend.standardize_dtype(noisy.dtype) == "float16"
