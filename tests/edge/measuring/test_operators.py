"""Each operator alone."""

import sys

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from kerascnn import edge
from kerascnn.edge.measuring.cutting import Cutter
from kerascnn.edge.measuring.operators import values_of


def run(cut):
    """Run a model of one operator on what it reads in the whole model."""
    interpreter = Interpreter(model_content=cut.content)
    interpreter.allocate_tensors()
    for place, value in cut.inputs.items():
        interpreter.set_tensor(place, value)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def cuts(path, inputs):
    content = path.read_bytes()
    values = values_of(content, inputs)
    return list(Cutter(content, values)), values


@pytest.fixture
def unpacking(write_model):
    """A dense layer whose float16 weights are unpacked, and an addition of its result to itself."""
    return write_model(
        {
            "x": ((1, 2), "float32"),
            "half": ((3, 2), "float16", None, 0, [[1, 2], [3, 4], [5, 6]]),
            "weights": ((3, 2), "float32"),
            "y": ((1, 3), "float32"),
            "twice": ((1, 3), "float32"),
        },
        [
            ("DEQUANTIZE", ["half"], ["weights"], None),
            ("FULLY_CONNECTED", ["x", "weights"], ["y"], schema.FullyConnectedOptionsT()),
            ("ADD", ["y", "y"], ["twice"], schema.AddOptionsT()),
        ],
        ["x"],
        ["twice"],
    )


def test_every_operator_does_alone_what_it_does_in_the_model(classifier):
    image = np.arange(16, dtype=np.int8).reshape(1, 4, 4, 1)
    found, values = cuts(classifier, {0: image})
    assert [cut.name for cut in found] == ["CONV_2D", "RESHAPE", "FULLY_CONNECTED"]
    assert [cut.output for cut in found] == ["maps", "flat", "y"]
    assert [cut.shape for cut in found] == [(1, 4, 4, 2), (1, 32), (1, 3)]
    for cut, place in zip(found, (3, 5, 8), strict=True):
        # Kernels of two families may round differently.
        np.testing.assert_allclose(run(cut), values[place], atol=1)


def test_what_unpacks_weights_is_part_of_what_reads_them(unpacking):
    found, _ = cuts(unpacking, {0: np.float32([[1, 10]])})
    assert [(cut.index, cut.name) for cut in found] == [(1, "FULLY_CONNECTED"), (2, "ADD")]
    np.testing.assert_allclose(run(found[0]), [[21, 43, 65]])
    np.testing.assert_allclose(run(found[1]), [[42, 86, 130]])
    assert len(found[1].inputs) == 1


def test_computed_shapes_are_kept(write_model):
    options = schema.ShapeOptionsT()
    options.outType = schema.TensorType.INT32
    path = write_model(
        {
            "x": ((2, 6), "float32"),
            "shape": ((2,), "int32"),
            "order": ((2,), "int32", None, 0, [1, 0]),
            "turned": ((2,), "int32"),
            "y": ((6, 2), "float32"),
        },
        [
            ("SHAPE", ["x"], ["shape"], options),
            ("GATHER", ["shape", "order"], ["turned"], schema.GatherOptionsT()),
            ("RESHAPE", ["x", "turned"], ["y"], None),
        ],
        ["x"],
        ["y"],
    )
    found, _ = cuts(path, {0: np.zeros((2, 6), np.float32)})
    assert [cut.name for cut in found] == ["SHAPE", "GATHER", "RESHAPE"]
    assert run(found[2]).shape == (6, 2)
    assert len(found[1].inputs) == 1  # which would otherwise have none


def test_a_profile_has_all_operators_and_their_sum(classifier):
    found = edge.profile(classifier, runs=3, warmup=1, threads=2)
    assert [one.name for one in found.operators] == ["CONV_2D", "RESHAPE", "FULLY_CONNECTED"]
    assert all(one.median_ms > 0 for one in found.operators)
    np.testing.assert_allclose(found.sum_ms, sum(one.median_ms for one in found.operators))
    assert found.whole_ms > 0
    assert (found.threads, found.runtime.split()[0]) == (2, "ai_edge_litert")


def test_recurrent_operators_are_timed(write_model):
    path = write_model(
        {
            "x": ((1, 1, 1), "float32"),
            "w": ((1, 1), "float32", None, 0, [[1]]),
            "r": ((1, 1), "float32", None, 0, [[1]]),
            "b": ((1,), "float32", None, 0, [0]),
            "state": ((1, 1), "float32"),
            "y": ((1, 1, 1), "float32"),
        },
        [
            (
                "UNIDIRECTIONAL_SEQUENCE_RNN",
                ["x", "w", "r", "b", "state"],
                ["y"],
                schema.SequenceRNNOptionsT(),
            )
        ],
        ["x"],
        ["y"],
        variables=("state",),
    )
    (operator,) = edge.profile(path, runs=1, warmup=0).operators
    assert operator.median_ms > 0


def test_a_model_for_the_edge_tpu_has_no_profile(write_model):
    path = write_model(
        {"x": ((1, 2), "int8", 1.0, 0), "y": ((1, 2), "int8", 1.0, 0)},
        [("edgetpu-custom-op", ["x"], ["y"], None)],
        ["x"],
        ["y"],
    )
    with pytest.raises(edge.ModelError, match="Edge TPU"):
        edge.profile(path)


def test_a_runtime_without_a_schema_is_an_error(classifier, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.schema_py_generated", None)
    with pytest.raises(ImportError, match="pip install ai-edge-litert"):
        edge.profile(classifier, runs=1, warmup=0)
