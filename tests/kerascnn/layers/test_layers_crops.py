import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import crop_around

RNG = np.random.default_rng(0)


def slow_crop(image, middle, side, size):
    """One pixel at a time, bilinearly, with 0 outside."""
    height, width, channels = image.shape
    window = np.zeros((size, size, channels))
    steps = (np.arange(size) + 0.5) / size - 0.5
    for place in np.ndindex(size, size):
        y, x = (middle + side * steps[list(place)]) * [height, width] - 0.5
        for row, column in np.ndindex(height, width):
            share = max(0, 1 - abs(y - row)) * max(0, 1 - abs(x - column))
            window[place] += share * image[row, column]
    return window


def test_windows_are_cut_bilinearly_with_nothing_outside():
    images = RNG.uniform(size=(2, 6, 8, 3)).astype("float32")
    places = RNG.uniform(size=(2, 3, 2)).astype("float32")
    sides = np.array([0.4, 1.1], "float32")
    windows = crop_around(images, places, sides[:, None, None], 5)
    for b, w in np.ndindex(2, 3):
        expected = slow_crop(images[b], places[b, w], sides[b], 5)
        np.testing.assert_allclose(windows[b, w], expected, atol=1e-5)


def test_windows_of_their_own_sizes_need_not_be_square():
    images = RNG.uniform(size=(2, 6, 8, 3)).astype("float32")
    places = RNG.uniform(size=(2, 3, 2)).astype("float32")
    sides = RNG.uniform(0.2, 0.9, size=(2, 3, 2)).astype("float32")
    windows = crop_around(images, places, sides, 4)
    for b, w in np.ndindex(2, 3):
        expected = slow_crop(images[b], places[b, w], sides[b, w], 4)
        np.testing.assert_allclose(windows[b, w], expected, atol=1e-5)


def test_the_window_of_the_whole_image_is_the_image():
    images = RNG.uniform(size=(1, 7, 7, 2)).astype("float32")
    windows = crop_around(images, np.full((1, 1, 2), 0.5, "float32"), np.ones((1, 1, 1)), 7)
    np.testing.assert_allclose(windows[:, 0], images, atol=1e-6)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_it_compiles_and_places_get_a_gradient(jit_compile):
    images = tf.constant(RNG.uniform(size=(1, 6, 6, 1)).astype("float32"))

    @tf.function(jit_compile=jit_compile)
    def slope(places):
        with tf.GradientTape() as tape:
            tape.watch(places)
            value = tf.reduce_sum(crop_around(images, places, tf.fill((1, 1, 1), 0.3), 4))
        return tape.gradient(value, places)

    assert np.abs(slope(tf.fill((1, 2, 2), 0.4))).min() > 0
