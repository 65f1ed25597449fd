import numpy as np
import pytest

from kerascnn.layers import Deltas

X = np.random.default_rng(0).normal(size=(2, 9, 3)).astype("float32")


@pytest.mark.parametrize("width", [1, 2, 3])
def test_a_difference_is_the_slope_of_the_best_line(width):
    given = np.asarray(Deltas(order=1, width=width)(X))
    np.testing.assert_array_equal(given[..., 0], X)
    places = np.arange(-width, width + 1)
    for frame in range(9):
        mirrored = [min(max(place, -1 - place), 17 - place) for place in frame + places]
        rows = X[:, mirrored]
        for sound in range(2):
            slope, _ = np.polyfit(places, rows[sound], 1)
            np.testing.assert_allclose(given[sound, frame, :, 1], slope, atol=1e-5)


def test_the_second_difference_is_that_of_the_first():
    given = np.asarray(Deltas(order=2)(X))
    again = np.asarray(Deltas(order=1)(given[..., 1]))
    np.testing.assert_allclose(given[..., 2], again[..., 1], atol=1e-6)


def test_what_grows_evenly_has_a_speed_and_no_acceleration():
    line = np.tile(3.0 * np.arange(20)[:, np.newaxis], (1, 1, 2)).astype("float32")
    given = np.asarray(Deltas()(line))[0, 5:-5]
    np.testing.assert_allclose(given[..., 1], 3.0, rtol=1e-5)
    np.testing.assert_allclose(given[..., 2], 0.0, atol=1e-5)
