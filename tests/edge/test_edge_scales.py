"""Operators that crash LiteRT with numbers that no converter writes: each is an error."""

import pytest
from ai_edge_litert import schema_py_generated as schema

from kerascnn import edge


def options(name):
    return getattr(schema, f"{name}OptionsT")()


def binary(kind, left, right, made, option, dtype="int8"):
    """An operator of two inputs with the given scales; None is none."""
    shape = (1, 4)
    tensors = {
        "left": (shape, dtype, left),
        "right": (shape, dtype, right),
        "y": (shape, dtype, made),
    }
    return tensors, [(kind, ["left", "right"], ["y"], option)], ["left", "right"], ["y"]


def unary(kind, given, made, option=None):
    """An operator between two tensors, each (shape, dtype, scale)."""
    return {"x": given, "y": made}, [(kind, ["x"], ["y"], option)], ["x"], ["y"]


SMALL = ((1, 4), "int8", 0.1)
REFUSED = {
    "no scale": (binary("ADD", None, 0.1, 0.1, options("Add")), "without a scale"),
    "sum of a fine step": (binary("ADD", 0.1, 0.1, 1e-9, options("Add")), "with scales"),
    "sum of a coarse step": (binary("ADD", 0.1, 1e6, 0.1, options("Add")), "with scales"),
    "sum of 16 bits": (binary("ADD", 2e3, 0.1, 0.1, options("Add"), "int16"), "with scales"),
    "squared difference": (
        binary("SQUARED_DIFFERENCE", 50, 0.1, 0.1, options("SquaredDifference")),
        "with scales",
    ),
    "comparison": (binary("EQUAL", 1.0, 0.5, 0.1, options("Equal")), "scale of 1"),
    "softmax of more": (
        unary("SOFTMAX", ((1, 400), "int8", 0.1), SMALL, options("Softmax")),
        "that become",
    ),
    "softmax of floats": (
        unary("SOFTMAX", ((1, 4), "float32"), SMALL, options("Softmax")),
        "of type",
    ),
    "nothing at all": (({"x": SMALL}, [("TANH", [], [], None)], ["x"], ["x"]), "that become"),
    "zero scale": (unary("QUANTIZE", SMALL, ((1, 4), "int8", 0.0)), "'y', scale"),
    "tiny scale": (unary("QUANTIZE", ((1, 4), "int8", 1e-45), SMALL), "'x', scale"),
    "huge scale": (unary("QUANTIZE", ((1, 4), "int8", 3e38), SMALL), "'x', scale"),
    "zero point": (unary("QUANTIZE", ((1, 4), "int8", 0.1, 128), SMALL), "zero points"),
    "slice": (unary("SLICE", SMALL, SMALL, options("Slice")), "3 are needed"),
    "strided slice": (unary("STRIDED_SLICE", SMALL, SMALL, options("StridedSlice")), "4 are"),
    "split": (unary("SPLIT", SMALL, SMALL, options("Split")), "results"),
}


@pytest.mark.parametrize(("parts", "message"), REFUSED.values(), ids=REFUSED)
def test_what_no_kernel_looks_at_is_an_error(write_model, parts, message):
    with pytest.raises(edge.ModelError, match=message):
        edge.load(write_model(*parts))


ACCEPTED = {
    "sum of a coarse and a fine step": binary("ADD", 1e4, 1e-4, 1e-1, options("Add")),
    "largest unsigned zero point": unary("QUANTIZE", ((1, 4), "uint8", 0.1, 255), SMALL),
    "integers without a scale": binary("MAXIMUM", None, None, None, options("MaximumMinimum")),
}


@pytest.mark.parametrize("parts", ACCEPTED.values(), ids=ACCEPTED)
def test_what_kernels_can_compute_is_accepted(write_model, parts):
    assert edge.load(write_model(*parts)).device == "cpu"
