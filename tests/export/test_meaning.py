"""Files that old runtimes load and get wrong, and which runtime a caller means."""

import pytest

from kerascnn.export.file.graph import Graph, Step, Tensor
from kerascnn.export.file.meaning import RULES, rules_for
from kerascnn.export.file.oldest import oldest_place, place_of, runtimes


def graph(name, *, given="int8", weights="int8", scales=1, made="int8", version=1):
    tensors = (
        Tensor("x", (1, 4), given),
        Tensor("w", (4, 4), weights, scales=scales, constant=True),
        Tensor("y", (1, 4), made),
    )
    return Graph(tensors, (Step(name, version, (0, 1), (2,)),), (0,), (2,), {})


@pytest.mark.parametrize(
    ("made", "runtime"),
    [
        (graph("FULLY_CONNECTED", version=4), "TensorFlow Lite 2.5"),
        (graph("FULLY_CONNECTED", scales=4, version=4), "TensorFlow Lite 2.10"),
        (graph("FULLY_CONNECTED", scales=4, given="int16", made="int16"), "TensorFlow Lite 2.10"),
        (graph("FULLY_CONNECTED", scales=4, given="float32", made="float32"), "LiteRT 2.3"),
        (graph("FULLY_CONNECTED", weights="int4", version=4), "LiteRT 2.3"),
        (graph("CONV_2D", scales=4, version=3), "TensorFlow Lite 2.5"),
        (graph("DIV"), "LiteRT 2.3"),
        (graph("DIV", given="float32", weights="float32", made="float32"), "TensorFlow Lite 2.5"),
    ],
)
def test_what_an_operator_means_decides_beside_its_version(made, runtime):
    assert runtimes()[oldest_place(made, made.steps[0])] == runtime


def spread(name, dtype, first, second):
    tensors = tuple(Tensor("", shape, dtype) for shape in (first, second, first))
    return Graph(tensors, (Step(name, 1, (0, 1), (2,)),), (0,), (2,), {})


GROUPS = (1, 8, 8, 4, 2)


# Each measured by running such a file in the wheels of these runtimes.
@pytest.mark.parametrize(
    ("name", "dtype", "second", "runtime"),
    [
        ("MUL", "int8", (1, 1, 1, 4, 1), "LiteRT 2.3"),
        ("ADD", "int8", (1, 1, 1, 4, 1), "TensorFlow Lite 2.13"),
        ("SUB", "int8", (1, 1, 1, 4, 1), "TensorFlow Lite 2.8"),
        ("MUL", "float32", (1, 1, 1, 4, 1), "TensorFlow Lite 2.8"),
        ("ADD", "float32", (1, 1, 1, 4, 1), "TensorFlow Lite 2.8"),
        ("SUB", "float32", (1, 1, 1, 4, 1), "TensorFlow Lite 2.5"),
        ("MUL", "int8", (4, 2), "TensorFlow Lite 2.5"),
        ("MUL", "int8", (1, 1, 1, 4, 2), "TensorFlow Lite 2.5"),
        ("MUL", "int8", GROUPS, "TensorFlow Lite 2.5"),
        ("MUL", "int8", (), "TensorFlow Lite 2.5"),
        ("MAXIMUM", "int8", (1, 1, 1, 4, 1), "TensorFlow Lite 2.5"),
    ],
)
def test_spreading_over_five_axes_needs_a_runtime_that_can(name, dtype, second, runtime):
    made = spread(name, dtype, GROUPS, second)
    assert runtimes()[oldest_place(made, made.steps[0])] == runtime


def test_every_rule_names_a_measured_runtime():
    assert {rule.runtime for rule in RULES} <= set(runtimes())


def test_plain_operators_come_under_no_rule():
    made = graph("CONV_2D")
    assert rules_for(made, made.steps[0]) == []


@pytest.mark.parametrize(
    ("asked", "runtime"),
    [
        ("2.5", "TensorFlow Lite 2.5"),
        ("2.5.0.post1", "TensorFlow Lite 2.5"),
        ("2.14.0", "TensorFlow Lite 2.14"),
        ("TensorFlow Lite 2.8", "TensorFlow Lite 2.8"),
        ("2.12", "TensorFlow Lite 2.10"),
        ("2.19", "TensorFlow Lite 2.14"),
        ("litert 1.0", "TensorFlow Lite 2.14"),
        ("LiteRT 2.3", "LiteRT 2.3"),
        ("LiteRT 2.9.1", "LiteRT 2.3"),
    ],
)
def test_a_runtime_between_two_measured_ones_counts_as_the_older(asked, runtime):
    assert runtimes()[place_of(asked)] == runtime


@pytest.mark.parametrize("asked", ["2.4", "2.3", "newest", "", "2"])
def test_a_runtime_that_was_not_measured_is_refused(asked):
    with pytest.raises(ValueError, match=r"Lite 2\.5.*LiteRT 2\.3\. Received: min_runtime"):
        place_of(asked)
