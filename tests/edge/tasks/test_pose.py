"""Where key points are."""

import numpy as np
import pytest

from kerascnn import edge


def test_heat_maps_give_their_peaks(constant, black):
    maps = np.zeros((1, 4, 8, 2))
    maps[0, 1, 2, 0], maps[0, 1, 3, 0] = 0.9, 0.3
    maps[0, 3, 7, 1] = 0.2
    model = constant({"heatmaps": maps}, labels=("nose", "tail"))
    nose, tail = edge.locate(model, black)
    assert (nose.name, nose.index, tail.name, tail.index) == ("nose", 0, "tail", 1)
    np.testing.assert_allclose((nose.y, nose.x, nose.score), (1.5 / 4, 2.75 / 8, 0.9), rtol=1e-6)
    np.testing.assert_allclose((tail.y, tail.x, tail.score), (3.5 / 4, 7.5 / 8, 0.2), rtol=1e-6)


def test_coordinates_are_taken_as_they_are(constant, black):
    model = constant({"points": [[[0.25, 0.5], [-1, 2]]]})
    assert edge.locate(model, black) == [
        edge.Keypoint("0", 0.25, 0.5, 1.0, 0),
        edge.Keypoint("1", 0.0, 1.0, 1.0, 1),
    ]
    scored = constant({"points": [[[0.25, 0.5, 0.75]]]})
    assert edge.locate(scored, black) == [edge.Keypoint("0", 0.25, 0.5, 0.75, 0)]


@pytest.mark.parametrize(
    ("value", "fields", "message"),
    [
        (np.zeros((1, 8)), {}, r"shape=\(1, 8\)"),
        (np.zeros((1, 8, 4)), {}, r"shape=\(1, 8, 4\)"),
        (np.zeros((1, 8, 2)), {"labels": ("nose",)}, "8, 1 labels"),
        (np.full((1, 8, 2), np.nan), {}, "nan"),
    ],
)
def test_what_gives_no_points_is_an_error(constant, black, value, fields, message):
    with pytest.raises(edge.ModelError, match=message):
        edge.locate(constant({"points": value}, **fields), black)
