"""The prediction of what an Edge TPU takes, on made-up graphs and on converted models."""

import json

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerascnn import export
from kerascnn.export.coral.partition import first_part
from kerascnn.export.coral.readiness import why_not
from kerascnn.export.file.graph import Graph, Step, Tensor


def one(name, inputs, output, *, version=1, constants=None, dtype="int8", **options):
    """A graph of one operator; constants are given by their place among the inputs."""
    constants = constants or {}
    tensors = [
        Tensor("", shape, "int32" if k in constants else dtype, constant=k in constants)
        for k, shape in enumerate(inputs)
    ]
    tensors.append(Tensor("", output, dtype))
    places = tuple(range(len(inputs)))
    step = Step(name, version, places, (len(inputs),), options=options)
    return Graph(tuple(tensors), (step,), (0,), (len(inputs),), {}, constants)


IMAGE = (1, 8, 8, 4)
WEIGHTS = {1: ()}


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (one("CONV_2D", [IMAGE, (8, 3, 3, 4)], IMAGE, version=3, constants=WEIGHTS), ""),
        (one("CONV_2D", [IMAGE, (8, 3, 3, 4)], IMAGE, version=6), "version 6"),
        (one("CONV_2D", [IMAGE, (8, 3, 3, 2)], IMAGE, constants=WEIGHTS), "groups"),
        (
            one("CONV_2D", [IMAGE, IMAGE], IMAGE, dilationWFactor=2, dilationHFactor=1),
            "another dilation",
        ),
        (one("DEPTHWISE_CONV_2D", [IMAGE, IMAGE], IMAGE, dilationWFactor=2), "another dilation"),
        (one("LEAKY_RELU", [IMAGE], IMAGE), "no operator of the Edge TPU"),
        (one("ADD", [IMAGE, IMAGE], IMAGE, dtype="int16"), "works on int16"),
        (one("ADD", [(2, 8, 8, 4), IMAGE], (2, 8, 8, 4)), "more than 3 dimensions"),
        (one("MAX_POOL_2D", [IMAGE], IMAGE, fusedActivationFunction=1), "fused activation"),
        (one("MEAN", [IMAGE, (2,)], (1, 4), constants={1: (1, 2)}), ""),
        (one("MEAN", [(1, 8, 8, 6), (1,)], (1, 8, 8), constants={1: (-1,)}), "multiple of 4"),
        (one("MEAN", [IMAGE, (1,)], (8, 8, 4), constants={1: (0,)}), "reduces the batch"),
        (one("SUM", [IMAGE, (1,)], (8, 8, 4), constants={1: (-4,)}), "reduces the batch"),
        (one("PAD", [IMAGE, (4, 2)], IMAGE, constants={1: (0, 0, 1, 1, 1, 1, 0, 0)}), ""),
        (one("PAD", [IMAGE, (4, 2)], IMAGE, constants={1: (1, 0, 1, 1)}), "pads the batch"),
        (one("PACK", [(8, 4), (8, 4)], (2, 8, 4), axis=0), "packs along the batch"),
        (one("SPLIT", [(), IMAGE], IMAGE, constants={0: (0,)}), "splits the batch"),
        (one("SPLIT", [(), IMAGE], IMAGE, constants={0: (3,)}), ""),
        (one("PRELU", [IMAGE, (1, 1, 4)], IMAGE), ""),
        (one("PRELU", [IMAGE, (8, 8, 4)], IMAGE), "single pixels"),
        (one("SOFTMAX", [(1, 10)], (1, 10)), ""),
        (one("SOFTMAX", [IMAGE], IMAGE), "more than one row"),
        (one("SOFTMAX", [(1, 16_001)], (1, 16_001)), "16,000"),
        (one("FULLY_CONNECTED", [(1, 4), (3, 4)], (1, 3)), ""),
        (one("FULLY_CONNECTED", [(1, 7, 4), (3, 4)], (1, 7, 3)), "more than one row"),
        (one("CONCATENATION", [IMAGE, IMAGE, IMAGE], IMAGE), ""),
        (one("CONCATENATION", [IMAGE, IMAGE, IMAGE], IMAGE, constants={1: ()}), "joins a constant"),
        (
            one("STRIDED_SLICE", [IMAGE, *[(4,)] * 3], IMAGE, constants={3: (1, 1, 1, 1)}),
            "",
        ),
        (
            one("STRIDED_SLICE", [IMAGE, *[(4,)] * 3], IMAGE, constants={3: (1, 2, 2, 1)}),
            "strides",
        ),
        (
            one("STRIDED_SLICE", [IMAGE, *[(4,)] * 3], IMAGE, constants={3: (1,)}, newAxisMask=1),
            "adds axes",
        ),
    ],
)
def test_the_documented_conditions_decide(graph, reason):
    found = why_not(graph, graph.steps[0])
    assert reason in found
    assert bool(found) == bool(reason)


def test_a_dense_layer_with_a_scale_for_each_unit_is_refused():
    tensors = (Tensor("x", (1, 4), "int8"), Tensor("w", (3, 4), "int8", scales=3, constant=True))
    step = Step("FULLY_CONNECTED", 4, (0, 1), (2,))
    graph = Graph((*tensors, Tensor("y", (1, 3), "int8")), (step,), (0,), (2,), {})
    assert why_not(graph, step) == "has one scale a unit"


def chain(*edges, tensors):
    steps = tuple(Step("", 1, taken, given) for taken, given in edges)
    return Graph((Tensor("", (1,), "int8"),) * tensors, steps, (0,), (tensors - 1,), {})


def test_the_first_supported_turn_is_the_part_that_maps():
    # 0 -> A -> 1 -> b -> 2 -> C -> 3, and 1 -> D -> 4 -> E -> 5: b alone isn't supported.
    graph = chain(((0,), (1,)), ((1,), (2,)), ((2,), (3,)), ((1,), (4,)), ((4,), (5,)), tensors=6)
    assert first_part(graph, [True, False, True, True, True]) == {0, 3, 4}


def test_unsupported_operators_at_the_front_only_delay():
    graph = chain(((0,), (1,)), ((1,), (2,)), ((2,), (3,)), tensors=4)
    assert first_part(graph, [False, True, True]) == {1, 2}
    assert first_part(graph, [False, False, False]) == set()


def test_a_join_waits_for_the_branch_that_stays_on_the_cpu():
    # A and b both read the input; C joins them and must wait for b.
    graph = chain(((0,), (1,)), ((0,), (2,)), ((1, 2), (3,)), tensors=4)
    assert first_part(graph, [True, False, True]) == {0}


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).normal(size=(16, 12, 12, 3)).astype("float32")


@pytest.fixture(scope="module")
def leaky(tmp_path_factory, images):
    """A network with one operator in its middle that no Edge TPU has."""
    image = keras.Input((12, 12, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="stem")(image)
    y = layers.LeakyReLU(0.1, name="leak")(x)
    y = layers.Conv2D(8, 3, padding="same", name="late")(y)
    x = layers.Add(name="join")([x, y])
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    model = keras.Model(image, layers.Dense(4, name="scores")(x))
    path = tmp_path_factory.mktemp("coral") / "leaky.tflite"
    export.to_tflite(model, path, quantize="int8", calibration=images)
    return path


def test_the_first_part_runs_on_the_tpu_and_the_rest_is_explained(leaky):
    report = export.coral.check(leaky)
    fates = [(one.name, one.mapped, one.layer) for one in report.placements]
    assert fates[:4] == [
        ("QUANTIZE", False, "image.range"),
        ("CONV_2D", True, "stem + stem.activation"),
        ("LEAKY_RELU", False, "leak"),
        ("CONV_2D", False, "late"),
    ]
    stem, late, dense = 12 * 12 * 8 * 27, 12 * 12 * 8 * 72, 8 * 4
    assert report.macs_share == pytest.approx(stem / (stem + late + dense))
    assert report.mapped_share == pytest.approx(1 / len(report.placements))
    assert report.parameters == 8 * 27 + 8 * 4  # the kernel and a bias of int32
    assert [one.name for one in report.on_cpu] == [
        *("LEAKY_RELU", "CONV_2D", "ADD", "MEAN", "FULLY_CONNECTED")
    ]
    assert "PReLU" in report.on_cpu[0].remedy
    assert report.on_cpu[1].reason == "follows an operator on the CPU"
    assert not report.ready
    assert report.fits_cache


def test_a_prediction_is_called_one(leaky):
    report = export.coral.check(leaky)
    assert report.source == "predicted"
    assert report.summary().startswith("predicted: 1 of ")
    assert "compiled" not in report.to_json()
    assert json.loads(report.to_json())["mapped"] == 1
    assert len(report.table().rows) == len(report.placements)


def test_a_float_file_maps_nowhere(tmp_path):
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, ops.tanh(layers.Conv2D(2, 1)(image)))
    export.to_tflite(model, tmp_path / "float.tflite")
    report = export.coral.check(tmp_path / "float.tflite")
    assert report.mapped == 0
    assert {one.reason for one in report.on_cpu} == {"works on float32"}


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        export.coral.check(tmp_path / "none.tflite")
