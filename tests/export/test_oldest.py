"""The oldest runtime against the versions that were measured."""

import pytest

from kerascnn.export.file.graph import Graph, Step, Tensor
from kerascnn.export.file.oldest import oldest_runtime


def graph(name, version, dtype="int8", scales=1):
    weights = Tensor("w", (4, 4), dtype, scales=scales, constant=True)
    result = Tensor("y", (1, 4), dtype)
    return Graph((result, weights, result), (Step(name, version, (0, 1), (2,)),), (0,), (2,), {})


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("CONV_2D", 3, "TensorFlow Lite 2.5"),
        ("CONV_2D", 6, "TensorFlow Lite 2.9"),
        ("TRANSPOSE_CONV", 4, "TensorFlow Lite 2.13"),
        ("TILE", 3, "TensorFlow Lite 2.8"),
        ("FULLY_CONNECTED", 12, "LiteRT 2.3"),
        ("CONV_2D", 99, None),
        ("SomethingOfTheirs", 1, None),
    ],
)
def test_operator_versions_decide_the_runtime(name, version, expected):
    assert oldest_runtime((graph(name, version),)) == expected


def test_the_newest_operator_decides():
    graphs = (graph("CONV_2D", 3), graph("TILE", 3), graph("ADD", 2))
    assert oldest_runtime(graphs) == "TensorFlow Lite 2.8"


def test_dense_layers_with_a_scale_for_each_unit_need_a_runtime_that_reads_them():
    assert oldest_runtime((graph("FULLY_CONNECTED", 4, scales=1),)) == "TensorFlow Lite 2.5"
    assert oldest_runtime((graph("FULLY_CONNECTED", 4, scales=4),)) == "TensorFlow Lite 2.10"


def test_a_division_in_integers_needs_a_runtime_that_has_it():
    assert oldest_runtime((graph("DIV", 1, "float32"),)) == "TensorFlow Lite 2.5"
    assert oldest_runtime((graph("DIV", 1, "int8"),)) == "LiteRT 2.3"
