"""From masks to connected parts."""

import numpy as np
import pytest
from scipy import ndimage

from kerascnn import edge

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.6, 0.9])
@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (17, 30), (64, 64)])
def test_parts_are_those_of_scipy(shape, share):
    mask = (RNG.random(shape) < share).astype(np.int32)
    numbers = edge.connected_components(mask)
    assert numbers.dtype == np.int32
    np.testing.assert_array_equal(numbers, ndimage.label(mask)[0])


def test_pixels_of_different_values_are_apart():
    mask = RNG.integers(0, 4, (20, 25))
    numbers = edge.connected_components(mask)
    count = 0
    for value in (1, 2, 3):
        parts, found = ndimage.label(mask == value)
        count += found
        for part in range(1, found + 1):
            (number,) = np.unique(numbers[parts == part])
            np.testing.assert_array_equal(numbers == number, parts == part)
    assert numbers.max() == count
    first = [np.flatnonzero(numbers.ravel() == number)[0] for number in range(1, count + 1)]
    assert first == sorted(first)


def test_a_spiral_is_one_part():
    mask = np.ones((9, 9), int)
    mask[1, :8] = mask[1:8, 7] = mask[7, 1:8] = mask[3:8, 1] = mask[3, 1:6] = mask[3:6, 5] = 0
    assert set(np.unique(edge.connected_components(mask))) == {0, 1}


@pytest.mark.parametrize("value", [0, 7])
def test_a_plain_mask_has_one_part_or_none(value):
    numbers = edge.connected_components(np.full((3, 4), value))
    np.testing.assert_array_equal(numbers, np.full((3, 4), value > 0))


def test_what_is_no_mask_is_refused():
    with pytest.raises(ValueError, match=r"Received: shape=\(2, 3, 4\)"):
        edge.connected_components(np.zeros((2, 3, 4), int))
