import keras
import numpy as np
import pytest

from kerascnn.layers import CropLike

MAPS = np.random.default_rng(0).normal(size=(2, 7, 9, 3)).astype("float32")


@pytest.mark.parametrize("offset", [0, 2])
def test_it_takes_rows_and_columns_from_the_offset_on(offset):
    given = CropLike(offset)([MAPS, np.zeros((2, 4, 5, 1))])
    expected = np.zeros((2, 4, 5, 3), "float32")
    for row in range(4):
        for column in range(5):
            expected[:, row, column] = MAPS[:, row + offset, column + offset]
    np.testing.assert_array_equal(given, expected)


def test_sides_may_be_unknown_until_it_is_used():
    maps, like = keras.Input((None, None, 3)), keras.Input((None, 5, 1))
    model = keras.Model([maps, like], CropLike(1)([maps, like]))
    assert model.output_shape == (None, None, 5, 3)
    given = model([MAPS, np.zeros((2, 4, 5, 1))])
    np.testing.assert_array_equal(given, MAPS[:, 1:5, 1:6])


def test_the_window_lies_inside():
    with pytest.raises(ValueError, match=r"Received: input_shape=.*offset=4"):
        CropLike(4)([MAPS, np.zeros((2, 4, 5, 1))])
