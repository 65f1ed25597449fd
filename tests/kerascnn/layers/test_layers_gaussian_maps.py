import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import LearnedPlaces, gaussian_maps

PLACES = np.random.default_rng(0).uniform(-0.2, 1.2, (2, 3, 2)).astype("float32")


def test_a_pixel_falls_with_its_distance_in_deviations_which_counts_three_at_most():
    maps = keras.ops.convert_to_numpy(gaussian_maps(PLACES, 5, 8, 1.5))
    assert maps.shape == (2, 5, 8, 3)
    for b, row, column, place in np.ndindex(maps.shape):
        y, x = PLACES[b, place] * [5, 8] - 0.5
        squares = (min(abs(d) / 1.5, 3.0) ** 2 for d in (row - y, column - x))
        expected = np.exp(-sum(squares) / 2)
        assert float(maps[b, row, column, place]) == pytest.approx(expected, rel=1e-4)


def test_the_top_is_where_the_place_is():
    maps = keras.ops.convert_to_numpy(gaussian_maps(np.float32([[[0.25, 0.75]]]), 10, 10, 2.0))
    assert np.unravel_index(maps.argmax(), maps.shape) == (0, 2, 7, 0)
    assert maps.max() == pytest.approx(1.0)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_it_compiles_and_places_get_a_gradient(jit_compile):
    @tf.function(jit_compile=jit_compile)
    def slope(places):
        with tf.GradientTape() as tape:
            tape.watch(places)
            value = gaussian_maps(places, 4, 4, 1.0)[:, 0, 0]
        return tape.gradient(value, places)

    assert np.asarray(slope(tf.fill((1, 2, 2), 0.4))).max() < 0


def test_learned_places_become_the_mean_under_a_squared_error():
    image = keras.Input((2, 2, 1))
    model = keras.Model(image, LearnedPlaces(3)(image))
    model.compile(keras.optimizers.SGD(0.5), "mse")
    model.fit(np.zeros((2, 2, 2, 1)), PLACES, epochs=50, verbose=0)
    np.testing.assert_allclose(model(np.ones((1, 2, 2, 1)))[0], PLACES.mean(0), atol=1e-3)
