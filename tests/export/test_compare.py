"""The measures of a comparison against their definitions."""

import math

import numpy as np
import pytest

from kerascnn.export.difference import measure


def test_errors_equal_their_definitions():
    expected = np.array([[1.0, 2.0, 3.0], [4.0, 0.0, -1.0]])
    given = np.array([[1.0, 2.5, 2.0], [4.0, 0.0, -1.0]])
    error = measure("y", expected, given)
    assert error.max_abs == 1.0
    np.testing.assert_allclose(error.mean_abs, 1.5 / 6)
    np.testing.assert_allclose(error.sqnr_db, 10 * math.log10(31.0 / 1.25))
    assert error.argmax_agreement == 0.5
    assert error.finite


def test_equal_outputs_have_no_error():
    error = measure("y", np.ones((2, 1)), np.ones((2, 1)))
    assert (error.max_abs, error.sqnr_db) == (0.0, math.inf)
    assert error.argmax_agreement is None


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_is_not_finite_counts_only_where_keras_has_one(value):
    broken = np.array([[1.0, value]])
    assert not measure("y", np.ones((1, 2)), broken).finite
    assert measure("y", broken, np.ones((1, 2))).finite
    assert measure("y", broken, np.ones((1, 2))).max_abs == 0.0


def test_integer_outputs_are_compared_too():
    assert measure("y", np.array([[3]]), np.array([[5]])).max_abs == 2.0
