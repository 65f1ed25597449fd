"""From heat maps to points."""

import numpy as np
import pytest

from kerascnn import edge


def naive(heatmap):
    """Look at every pixel, then at the neighbours of the highest."""
    height, width = heatmap.shape
    best = max(np.ndindex(height, width), key=lambda place: heatmap[place])
    y, x = (float(number) for number in best)
    row, column = best
    if 0 < row < height - 1:
        up, down = heatmap[row - 1, column], heatmap[row + 1, column]
        y += 0.25 if down > up else -0.25 if up > down else 0
    if 0 < column < width - 1:
        left, right = heatmap[row, column - 1], heatmap[row, column + 1]
        x += 0.25 if right > left else -0.25 if left > right else 0
    return ((y + 0.5) / height, (x + 0.5) / width), heatmap[best]


@pytest.mark.parametrize("shape", [(6, 9, 50), (1, 4, 5), (4, 1, 5), (2, 2, 30), (1, 1, 3)])
def test_peaks_are_those_of_the_definition(shape):
    # Few different values, so that many are equal.
    heatmaps = np.random.default_rng(0).integers(0, 12, shape).astype(np.float32)
    places, scores = edge.decode_heatmaps(heatmaps)
    for point in range(shape[-1]):
        place, score = naive(heatmaps[..., point])
        np.testing.assert_allclose(places[point], place)
        assert scores[point] == score


def test_a_quarter_of_a_pixel_halves_the_error_of_a_peak_between_pixels():
    y, x = np.mgrid[:32, :32] + 0.5
    random = np.random.default_rng(0)
    centres = random.uniform(8, 24, (200, 2))
    maps = np.stack([np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 8) for cy, cx in centres], axis=-1)
    places, _ = edge.decode_heatmaps(maps)
    whole = np.floor(places * 32) + 0.5
    refined, plain = (np.abs(found - centres).mean() for found in (places * 32, whole))
    assert plain == pytest.approx(0.25, rel=0.1)
    assert refined == pytest.approx(0.125, rel=0.1)


def test_flipped_maps_give_flipped_points():
    maps = np.random.default_rng(0).random((8, 10, 20))
    places, _ = edge.decode_heatmaps(maps)
    flipped, _ = edge.decode_heatmaps(maps[:, ::-1])
    np.testing.assert_allclose(flipped, np.stack([places[:, 0], 1 - places[:, 1]], axis=1))


@pytest.mark.parametrize("shape", [(4, 4), (1, 4, 4, 3), (0, 4, 3)])
def test_what_is_no_map_is_an_error(shape):
    with pytest.raises(ValueError, match="H, W, points"):
        edge.decode_heatmaps(np.zeros(shape))
