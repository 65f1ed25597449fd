"""Exported systems in an environment of 2023: tflite-runtime 2.14 and NumPy 1.26."""

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def old(old_python, run_systems):
    """What it tells, and the outputs of the systems whose report claims this runtime."""
    return run_systems(old_python, "-W", "error", runtime="2.14")


def test_the_environment_is_old(old):
    assert (old[0]["runtime"], old[0]["numpy"]) == ("tflite_runtime 2.14.0", "1.26.4")


def test_reference_kernels_give_equal_bits_but_for_one_in_a_thousand(old, check_equal):
    check_equal(old[1], reference=True, differing=0.001)


def test_other_kernels_stay_near(old, check_near):
    check_near(old[1])


def test_a_file_that_crashes_the_old_runtime_is_an_error(old):
    assert "complete and undamaged" in old[0]["cut"]
