"""Which weights pruning keeps, and when, against loops over single numbers."""

import numpy as np
import pytest

from kerascnn.export.compression.masks import largest, largest_of_groups, norms
from kerascnn.export.compression.schedules import (
    ConstantSparsity,
    PolynomialSparsity,
    as_schedule,
)


@pytest.mark.parametrize("sparsity", [0.0, 0.3, 0.5, 0.99])
def test_the_largest_weights_stay(sparsity):
    weights = np.abs(np.random.default_rng(0).normal(size=(3, 3, 4, 5)))
    mask = largest(weights, sparsity)
    assert mask.sum() == max(round(180 * (1 - sparsity)), 1)
    assert not (~mask).any() or weights[mask].min() > weights[~mask].max()


def test_of_equal_weights_the_first_stay():
    np.testing.assert_array_equal(largest(np.ones(4), 0.5), [True, True, False, False])


@pytest.mark.parametrize(("channels", "axis"), [(8, 2), (6, 2), (5, 3), (1, 2)])
@pytest.mark.parametrize(("zeros", "size"), [(2, 4), (1, 4), (1, 2)])
def test_the_largest_of_each_group_of_neighbours_stay(channels, axis, zeros, size):
    shape = [3, 3, 4, 5]
    shape[axis] = channels
    weights = np.abs(np.random.default_rng(1).normal(size=shape))
    mask = largest_of_groups(weights, zeros, size, axis)
    expected = np.ones(shape, bool)
    for place in np.ndindex(*(n for at, n in enumerate(shape) if at != axis)):
        row = [*place[:axis], slice(None), *place[axis:]]
        for start in range(0, channels, size):
            group = list(weights[tuple(row)][start : start + size])
            ranked = sorted(range(len(group)), key=lambda i, group=group: -group[i])
            for dropped in ranked[size - zeros :]:
                row[axis] = start + dropped
                expected[tuple(row)] = False
                row[axis] = slice(None)
    np.testing.assert_array_equal(mask, expected)


def test_norms_are_those_of_each_filter():
    weights = np.random.default_rng(2).normal(size=(3, 2, 4, 5))
    expected = [np.linalg.norm(weights[..., index, :]) for index in range(4)]
    np.testing.assert_allclose(norms(weights, -2), expected)


def test_the_polynomial_schedule_goes_from_the_first_to_the_last_sparsity():
    schedule = PolynomialSparsity(0.8, end=110, begin=10, initial=0.2, power=3.0, every=30)
    assert [step for step in range(200) if schedule(step)[0]] == [10, 40, 70, 100, 110]
    values = [schedule(step)[1] for step in (0, 10, 60, 110, 500)]
    np.testing.assert_allclose(values, [0.2, 0.2, 0.8 - 0.6 / 8, 0.8, 0.8])


def test_a_constant_schedule_prunes_once():
    schedule = ConstantSparsity(0.5, begin=3)
    assert [step for step in range(9) if schedule(step)[0]] == [3]
    assert as_schedule(0.5)(0) == (True, 0.5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ConstantSparsity(1.0), "sparsity=1.0"),
        (lambda: ConstantSparsity(-0.1), "sparsity=-0.1"),
        (lambda: ConstantSparsity(0.5, begin=-1), "begin=-1"),
        (lambda: PolynomialSparsity(0.5, end=0), "end=0"),
        (lambda: PolynomialSparsity(0.5, end=10, every=0), "every=0"),
        (lambda: PolynomialSparsity(0.5, end=10, initial=1.5), "initial=1.5"),
        (lambda: PolynomialSparsity(0.5, end=10, power=0), "power=0"),
        (lambda: as_schedule("half"), "schedule='half'"),
    ],
)
def test_an_impossible_schedule_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
