import keras
import numpy as np
import pytest

from kerascnn.layers import Maxout

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(3, 6), (2, 5, 6), (2, 3, 4, 12)])
@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_the_largest_of_each_group_is_left(shape, pieces):
    x = RNG.normal(size=shape).astype("float32")
    maxima = Maxout(pieces)(x)
    assert maxima.shape == (*shape[:-1], shape[-1] // pieces)
    for place in np.ndindex(*maxima.shape):
        *before, unit = place
        group = x[(*before, slice(unit * pieces, (unit + 1) * pieces))]
        assert float(maxima[place]) == group.max()


def test_sides_may_be_unknown():
    image = keras.Input((None, None, 6))
    model = keras.Model(image, Maxout(3)(image))
    assert model.output_shape == (None, None, None, 2)
    x = RNG.normal(size=(2, 3, 5, 6)).astype("float32")
    np.testing.assert_array_equal(model.predict(x, verbose=0), Maxout(3)(x))


def test_two_pieces_make_an_absolute_value():
    x = RNG.normal(size=(5, 1)).astype("float32")
    both = np.concatenate([x, -x], axis=-1)
    np.testing.assert_array_equal(Maxout(2)(both), np.abs(x))


def test_groups_that_do_not_divide_the_axis_are_refused():
    with pytest.raises(ValueError, match="divisible by 4"):
        Maxout(4)(np.zeros((2, 6)))
