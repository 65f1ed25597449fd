"""Damaged files and wrong inputs by the thousand: errors, never a crash or another answer."""

import shutil

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from kerascnn import edge


@pytest.fixture
def seeds(tmp_path, classifier, write_model):
    """A folder of whole files: integers and floats, one and two inputs, with a description."""
    folder = tmp_path / "seeds"
    folder.mkdir()
    described = folder / "described.tflite"
    shutil.copy(classifier, described)
    edge.write_metadata(described, edge.Metadata(task="classification", labels=tuple("abc")))
    for path in (classifier, two_inputs(write_model), floats(write_model)):
        path.rename(folder / path.name)
    return folder


def two_inputs(write_model):
    tensors = {
        "left": ((1, 6), "int8", 0.5, -3),
        "right": ((1, 6), "int8", 0.25, 3),
        "sum": ((1, 6), "int8", 0.5, 0),
        "y": ((1, 6), "int8", 1 / 256, -128),
    }
    operators = [
        ("ADD", ["left", "right"], ["sum"], schema.AddOptionsT()),
        ("LOGISTIC", ["sum"], ["y"], None),
    ]
    return write_model(tensors, operators, ["left", "right"], ["y"], name="two.tflite")


def floats(write_model):
    mean = schema.ReducerOptionsT()
    join, depth = schema.ConcatenationOptionsT(), schema.DepthwiseConv2DOptionsT()
    join.axis, depth.depthMultiplier = 3, 1
    depth.strideW = depth.strideH = 1
    kernel = np.random.default_rng(0).normal(size=(1, 3, 3, 2))
    tensors = {
        "x": ((1, 6, 6, 2), "float32"),
        "kernel": ((1, 3, 3, 2), "float32", None, 0, kernel),
        "bias": ((2,), "float32", None, 0, [0.5, -0.5]),
        "maps": ((1, 6, 6, 2), "float32"),
        "joined": ((1, 6, 6, 4), "float32"),
        "axes": ((2,), "int32", None, 0, [1, 2]),
        "pooled": ((1, 4), "float32"),
        "y": ((1, 4), "float32"),
    }
    operators = [
        ("DEPTHWISE_CONV_2D", ["x", "kernel", "bias"], ["maps"], depth),
        ("CONCATENATION", ["x", "maps"], ["joined"], join),
        ("MEAN", ["joined", "axes"], ["pooled"], mean),
        ("TANH", ["pooled"], ["y"], None),
    ]
    return write_model(tensors, operators, ["x"], ["y"], name="floats.tflite")


def test_damaged_files_are_errors_or_run_as_they_say(fuzz, seeds):
    outcomes, failures = fuzz("files", seeds, 4000)
    assert not failures
    assert outcomes["refused"] > 2000
    assert outcomes["ran"] > 100


def test_wrong_inputs_are_errors_and_odd_ones_are_taken_for_what_they_are(fuzz, seeds):
    outcomes, failures = fuzz("inputs", seeds, 3000)
    assert not failures
    assert outcomes["refused"] > 500
    assert outcomes["ran"] > 500
