import math

import numpy as np
import pytest

from kerascnn.edge import decode_heatmaps
from kerascnn.losses import heatmap_error, keypoint_error

RNG = np.random.default_rng(0)
HEIGHT, WIDTH, POINTS = 6, 8, 4
TRUE = RNG.uniform(size=(5, POINTS, 3)).astype("float32")
TRUE[..., 2] = RNG.integers(0, 2, (5, POINTS))
TRUE[0, :, 2] = [1, 0, 1, 1]
MAPS = RNG.uniform(size=(5, HEIGHT, WIDTH, POINTS)).astype("float32")


def rendered(y_true, deviation):
    """One map, one pixel at a time."""
    maps = np.zeros((HEIGHT, WIDTH, POINTS))
    for point, (y, x, _) in enumerate(y_true):
        for row in range(HEIGHT):
            for column in range(WIDTH):
                squared = (row + 0.5 - y * HEIGHT) ** 2 + (column + 0.5 - x * WIDTH) ** 2
                maps[row, column, point] = math.exp(-squared / (2 * deviation**2))
    return maps


def mean_of_marked(costs, y_true):
    kept = [cost for cost, (_, _, marked) in zip(costs, y_true, strict=True) if marked]
    return sum(kept) / max(len(kept), 1)


@pytest.mark.parametrize("deviation", [0.7, 2.0])
def test_the_error_of_maps_is_that_from_gaussians_of_the_marked_points(deviation):
    expected = [
        mean_of_marked(((maps - rendered(true, deviation)) ** 2).mean(axis=(0, 1)), true)
        for maps, true in zip(MAPS, TRUE, strict=True)
    ]
    np.testing.assert_allclose(heatmap_error(TRUE, MAPS, deviation=deviation), expected, rtol=1e-5)


def test_the_error_of_points_is_their_squared_distance():
    places = RNG.uniform(size=(5, POINTS, 2)).astype("float32")
    expected = [
        mean_of_marked([math.dist(*pair) ** 2 for pair in zip(p, true[:, :2], strict=True)], true)
        for p, true in zip(places, TRUE, strict=True)
    ]
    np.testing.assert_allclose(keypoint_error(TRUE, places), expected, rtol=1e-5)


def test_maps_without_an_error_lead_back_to_the_points():
    true = TRUE.copy()
    true[..., :2] = RNG.uniform(0.2, 0.8, (5, POINTS, 2))
    true[..., 2] = 1
    maps = np.stack([rendered(one, 1.0) for one in true])
    assert np.max(heatmap_error(true, maps)) < 1e-12
    for one, points in zip(maps, true, strict=True):
        found, _ = decode_heatmaps(one)
        assert np.abs((found - points[:, :2]) * [HEIGHT, WIDTH]).max() <= 0.5


@pytest.mark.parametrize(("error", "shape"), [(heatmap_error, (6, 8, 4)), (keypoint_error, (4, 2))])
def test_a_sample_without_a_marked_point_costs_nothing(error, shape):
    assert error(np.zeros((1, 4, 3)), np.ones((1, *shape))) == [0.0]
