"""What the gate lets pass and what it refuses, on made-up files."""

from pathlib import Path

import pytest

from kerascnn.edge import Metadata
from kerascnn.export import ExportError, Inspection, Operator
from kerascnn.export.comparison import Comparison
from kerascnn.export.difference import OutputError
from kerascnn.export.file.graph import Tensor
from kerascnn.export.gate import check_file, check_parity


def operator(name, layer="", *, floating=False, custom=False):
    return Operator(name, 1, "int8", "", layer, 0, floating, custom)


def found(*nodes, dtype="float32"):
    return Inspection(
        path=Path("m.tflite"),
        size=1,
        nodes=nodes,
        inputs=(Tensor("image", (1, 4), dtype),),
        outputs=(Tensor("scores", (1, 4), dtype),),
        arena=0,
        runtime=None,
        metadata=Metadata(),
    )


def check(*nodes, quantize="int8", input_output="float32", allow=(), dtype="float32"):
    inspection = found(*nodes, dtype=dtype)
    check_file(inspection, quantize=quantize, input_output=input_output, allow=allow)


@pytest.mark.parametrize(
    ("nodes", "quantize", "message"),
    [
        (
            [operator("ELU", "act", floating=True), operator("SQUARE", "norm", floating=True)],
            "int8",
            r"in integers: use a ReLU.*x \* x.*allow=\('ELU', 'SQUARE'\).*ELU in act; SQUARE in no",
        ),
        ([operator("FlexErf", "gelu", custom=True)], "float32", "builtin.*FlexErf in gelu"),
        ([operator("VAR_HANDLE", "count")], "float32", "no state.*VAR_HANDLE in count"),
        (
            [operator("CONV_2D", "stem"), operator("NEG", floating=True)],
            "int8",
            "NEG in what follows stem",
        ),
    ],
)
def test_operators_that_break_a_promise_are_refused_by_layer(nodes, quantize, message):
    with pytest.raises(ExportError, match=message) as caught:
        check(*nodes, quantize=quantize)
    assert "\n" not in str(caught.value)
    check(*nodes, quantize=quantize, allow=[node.name for node in nodes if node.name != "CONV_2D"])


def test_float_operators_are_what_a_float_file_is_made_of():
    check(operator("CONV_2D", floating=True), quantize="float32")


def test_conversions_around_an_allowed_island_are_allowed():
    island = [operator(name, floating=True) for name in ("DEQUANTIZE", "ELU", "QUANTIZE")]
    check(*island, allow=("ELU",))


def test_an_end_of_another_type_than_asked_for_is_refused():
    check(operator("RELU"), input_output="int8", dtype="int8")
    with pytest.raises(ExportError, match=r"become int8\. Received: 'image' of type float32"):
        check(operator("RELU"), input_output="int8")


def measured(*, max_abs=1.0, sqnr_db=5.0, finite=True):
    return Comparison(Path("m"), 4, (OutputError("y", max_abs, 0.1, sqnr_db, None, finite),))


@pytest.mark.parametrize("quantize", ["float32", "float16"])
def test_a_float_file_must_equal_keras(quantize):
    with pytest.raises(ExportError, match=r"must equal Keras.*'y' differs by up to 1"):
        check_parity(measured(), quantize)
    assert check_parity(measured(max_abs=1e-7), quantize) == ()
    assert check_parity(measured(sqnr_db=90.0), quantize) == ()


def test_an_int8_file_that_lost_much_is_noted():
    assert "5.0 dB" in check_parity(measured(), "int8")[0]
    assert check_parity(measured(sqnr_db=25.0), "int8") == ()


def test_numbers_that_are_not_finite_are_refused():
    with pytest.raises(ExportError, match=r"finite.*'y'"):
        check_parity(measured(finite=False), "int8")


def test_nothing_measured_is_nothing_noted():
    assert check_parity(None, "float32") == ()
