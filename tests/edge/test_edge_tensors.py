"""Real values to quantized ones and back."""

from fractions import Fraction

import numpy as np
import pytest

from kerascnn import edge
from kerascnn.edge.runtime.tensors import from_tensor, to_tensor


def spec(shape=(1, 3), dtype="int8", scale=0.5, zero_point=3):
    return edge.TensorSpec("x", shape, np.dtype(dtype), scale, zero_point)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16"])
def test_quantization_is_exact_arithmetic_rounded_to_even(dtype):
    tensor = spec((1, 4001), dtype)
    values = np.linspace(-500, 500, 4001, dtype=np.float32)[None]  # halves of a step included
    limits = np.iinfo(dtype)
    expected = [
        min(max(round(Fraction(float(value)) / Fraction(0.5)) + 3, limits.min), limits.max)
        for value in values[0]
    ]
    np.testing.assert_array_equal(to_tensor(values, tensor)[0], expected)


@pytest.mark.parametrize(("scale", "zero_point"), [(1 / 255, -128), (0.02810656, -21), (0.5, 3)])
def test_quantization_equals_the_kernel_of_the_runtime(write_model, scale, zero_point):
    size = 4096
    path = write_model(
        {"x": ((1, size), "float32"), "y": ((1, size), "int8", scale, zero_point)},
        [("QUANTIZE", ["x"], ["y"], None)],
        ["x"],
        ["y"],
    )
    model = edge.load(path)
    random = np.random.default_rng(0)
    steps = random.integers(-280, 280, (1, size)) + 0.5 * random.integers(0, 2, (1, size))
    values = (steps * np.float32(scale)).astype(np.float32)
    values[:, ::2] = random.normal(0, 100 * scale, (1, size // 2))
    quantized = to_tensor(values, model.outputs[0])
    np.testing.assert_array_equal(from_tensor(quantized, model.outputs[0]), model(values))


def test_dequantization_is_the_formula():
    levels = np.array([[-128, 0, 127]], np.int8)
    np.testing.assert_array_equal(from_tensor(levels, spec()), [[-65.5, -1.5, 62.0]])
    assert from_tensor(levels, spec()).dtype == np.float32


def test_values_beyond_the_range_saturate():
    values = np.array([[-1e300, 1e300, 1e30]])
    np.testing.assert_array_equal(to_tensor(values, spec()), [[-128, 127, 127]])


def test_integers_of_the_tensors_own_type_pass_as_they_are():
    levels = np.array([[1, 2, 3]], np.int8)
    assert to_tensor(levels, spec()) is levels


def test_floats_become_the_tensors_floats():
    half = to_tensor([[0.1, 0.2, 0.3]], spec(dtype="float16", scale=0.0))
    assert half.dtype == np.float16
    np.testing.assert_array_equal(half, np.array([[0.1, 0.2, 0.3]], np.float16))


def test_unquantized_integers_take_integers_in_range():
    tensor = spec(dtype="int32", scale=0.0)
    np.testing.assert_array_equal(to_tensor(np.array([[1, 2, 3]], np.int64), tensor), [[1, 2, 3]])


@pytest.mark.parametrize(
    ("values", "tensor", "message"),
    [
        (np.zeros((1, 4), "f"), spec(), r"'x' of shape \(n, 3\).*\(1, 4\)"),
        (np.zeros(3, "f"), spec(), r"shape=\(3,\)"),
        (np.zeros((0, 3), "f"), spec(), "n at least 1"),
        (np.zeros((1, 3), np.uint8), spec(), "real units.*uint8"),
        (np.zeros((1, 3), np.int64), spec(), "int64"),
        (np.zeros((1, 3), bool), spec(), "bool"),
        (np.array([["a", "b", "c"]]), spec(), "real units"),
        (np.array([[None, 1, 2]]), spec(), "object"),
        (np.zeros((1, 3), np.uint8), spec(dtype="float32", scale=0.0), "classify"),
        (np.array([[0, np.nan, 0]]), spec(), "finite"),
        (np.array([[0, np.inf, 0]]), spec(dtype="float32", scale=0.0), "finite"),
        (np.array([[0, 1e39, 0]]), spec(dtype="float32", scale=0.0), r"1e\+39"),
        (np.array([[0, 1e5, 0]]), spec(dtype="float16", scale=0.0), "100000"),
        (np.zeros((1, 3), "f"), spec(dtype="int32", scale=0.0), "integers"),
        (np.array([[0, 2**40, 0]]), spec(dtype="int32", scale=0.0), str(2**40)),
        (np.zeros((1, 3), "f"), spec(dtype="bool", scale=0.0), "bool"),
        (np.zeros(2, "f"), spec((), "float32", 0.0), r"of shape \(\)"),
    ],
)
def test_what_does_not_fit_is_an_error(values, tensor, message):
    with pytest.raises(ValueError, match=message):
        to_tensor(values, tensor)
