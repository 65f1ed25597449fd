"""What each device asks of a file, on made-up graphs; memory plans against all plans."""

import itertools
import json
import random

import keras
import pytest
from keras import layers

from kerascnn import export
from kerascnn.export import ExportError
from kerascnn.export.file.cost import arena as peak
from kerascnn.export.file.graph import Graph, Step, Tensor
from kerascnn.export.targets import gpu, microcontroller
from kerascnn.export.targets.planner import Buffer, plan
from kerascnn.export.targets.runtime import check_runtime
from kerascnn.export.targets.target import check_target, judge_for


def graph(*steps, shape=(1, 8, 8, 4), dtype="int8"):
    """A chain of operators `(name, version)` with a name of a layer in each result."""
    tensors = [Tensor("x", shape, dtype)]
    tensors += [Tensor(f"net_1/{name.lower()}_1/y", shape, dtype) for name, _ in steps]
    made = tuple(Step(name, version, (k,), (k + 1,)) for k, (name, version) in enumerate(steps))
    return Graph(tuple(tensors), made, (0,), (len(steps),), {})


@pytest.mark.parametrize(
    ("step", "runtime", "way"),
    [
        (
            ("CONV_2D", 6),
            "2.5",
            r"groups.*CONV_2D version 6 \(needs TensorFlow Lite 2\.9\) in conv_2d",
        ),
        (("TRANSPOSE_CONV", 4), "2.10", "ReLU out"),
        (("TILE", 3), "2.7", r"layers\.Resizing"),
        (("GELU", 2), "2.8", "swish"),
        (("DIV", 1), "2.14", r"rsqrt\(b\).*older ones load the file and fail"),
        (("CONV_2D", 99), "LiteRT 2.3", "raise min_runtime|groups"),
    ],
)
def test_operators_too_new_for_a_runtime_are_refused_by_layer(step, runtime, way):
    made = graph(("RELU", 2), step)
    with pytest.raises(ExportError, match=way) as caught:
        check_runtime((made,), runtime)
    assert "RELU version" not in str(caught.value)
    check_runtime((made,), runtime, allow=(step[0],))


def test_operators_that_a_runtime_has_pass():
    check_runtime((graph(("CONV_2D", 3), ("TILE", 3)),), "2.8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "coral", "quantize": "float32"}, r"needs quantize='int8'"),
        ({"target": "microcontroller", "quantize": "int16"}, r"needs quantize='int8'"),
        ({"target": "gpu", "quantize": "dynamic"}, "needs quantize='float32' or"),
        ({"target": "corral", "quantize": "int8"}, r"Did you mean coral\?"),
        ({"target": "cpu", "quantize": "int8", "min_runtime": "1.0"}, "measured or a newer one"),
    ],
)
def test_ill_formed_targets_are_refused_at_once(options, message):
    with pytest.raises(ValueError, match=message):
        check_target(**{"min_runtime": None, **options})


def test_the_gpu_delegate_takes_its_documented_operators():
    made = graph(("CONV_2D", 3), ("CONV_3D", 1))
    assert [gpu.why_not(made, step) for step in made.steps] == [
        *("", "is no operator of the GPU delegate")
    ]
    deep = graph(("RESHAPE", 1), shape=(1, 2, 2, 2, 2))
    assert "more than 4 dimensions" in gpu.why_not(deep, deep.steps[0])
    moving = graph(("RELU", 1), shape=(-1, 4))
    assert "only when the model runs" in gpu.why_not(moving, moving.steps[0])
    assert gpu.notes(graph(("ADD", 1))) == ()
    assert "TANH" in gpu.notes(graph(("TANH", 1)))[0]


def test_a_microcontroller_takes_its_operators():
    made = graph(("CONV_2D", 3), ("GELU", 2))
    assert [microcontroller.why_not(made, step) for step in made.steps] == [
        *("", "is no operator of TensorFlow Lite for Microcontrollers")
    ]
    moving = graph(("RELU", 1), shape=(-1, 4))
    assert "only when the model runs" in microcontroller.why_not(moving, moving.steps[0])


def test_every_operator_of_the_tables_is_one_of_the_format():
    from ai_edge_litert import schema_py_generated as schema

    from kerascnn.export.coral.conditions import SUPPORTED

    known = set(vars(schema.BuiltinOperator))
    assert set(SUPPORTED) <= known
    assert known >= gpu.DOCUMENTED | gpu.NEWER
    assert not gpu.DOCUMENTED & gpu.NEWER
    assert microcontroller.operators() <= known


# The first two are the published cases of the planner of TensorFlow Lite for Microcontrollers.
@pytest.mark.parametrize(
    ("buffers", "starts"),
    [
        ([(10, 0, 1), (20, 1, 2), (30, 2, 3), (40, 3, 4), (50, 0, 1)], [50, 70, 40, 0, 0]),
        ([(10, 0, 1), (20, 2, 3)], [0, 0]),
        ([(100, 0, 1), (50, 2, 3), (20, 1, 2)], [0, 0, 100]),
    ],
)
def test_the_plan_is_that_of_the_published_cases(buffers, starts):
    assert plan([Buffer(*buffer) for buffer in buffers]) == starts


def least_memory(buffers):
    """The smallest memory that any order of first-fit placing reaches."""
    return min(
        max(first_fit([buffers[k] for k in order]))
        for order in itertools.permutations(range(len(buffers)))
    )


def first_fit(buffers):
    placed = []
    for buffer in buffers:
        taken = [(start, b) for start, b in placed if b.meets(buffer)]
        starts = sorted({0, *(start + b.size for start, b in taken)})
        fitting = (
            at for at in starts if all(at + buffer.size <= s or s + b.size <= at for s, b in taken)
        )
        placed.append((next(fitting), buffer))
    return [start + buffer.size for start, buffer in placed]


@pytest.mark.parametrize("seed", range(30))
def test_a_plan_is_valid_and_between_its_bounds(seed):
    draw = random.Random(seed)
    spans = [sorted(draw.sample(range(7), 2)) for _ in range(6)]
    buffers = [Buffer(draw.randint(1, 40), *span) for span in spans]
    starts = plan(buffers)
    needed = max(at + buffer.size for at, buffer in zip(starts, buffers, strict=True))
    for (a, first), (b, second) in itertools.combinations(zip(starts, buffers, strict=True), 2):
        assert not first.meets(second) or a + first.size <= b or b + second.size <= a
    alive = max(sum(b.size for b in buffers if b.first <= t <= b.last) for t in range(7))
    assert alive <= least_memory(buffers) <= needed <= sum(buffer.size for buffer in buffers)
    order = sorted(range(6), key=lambda k: (-buffers[k].size, -k))
    assert needed == max(first_fit([buffers[k] for k in order]))


def test_the_arena_of_a_chain_holds_two_neighbours():
    # 250 bytes take 256, as tensors start at multiples of 16.
    made = graph(("RELU", 1), ("RELU", 1), ("RELU", 1), shape=(1, 250))
    assert microcontroller.arena(made) == 512
    assert peak(made) == 500


@pytest.fixture(scope="module")
def float_file(tmp_path_factory):
    image = keras.Input((4, 4, 4, 2), name="volume")
    model = keras.Model(image, layers.Conv3D(2, 2, name="solid")(image))
    path = tmp_path_factory.mktemp("targets") / "float.tflite"
    export.to_tflite(model, path)
    return model, path


@pytest.mark.parametrize("target", ["gpu", "microcontroller"])
def test_an_operator_of_another_device_is_refused_with_its_layer(float_file, target):
    _, path = float_file
    with pytest.raises(ExportError, match=rf"(?s){target}.*allow=.*CONV_3D in solid"):
        judge_for(path, target=target, min_runtime=None, layers={"solid"})


def test_a_coral_that_gets_no_integers_is_told_so(float_file):
    _, path = float_file
    with pytest.raises(ExportError, match=r"the third dimension folded.*CONV_3D in solid"):
        judge_for(path, target="coral", min_runtime=None, layers={"solid"})
    fields = judge_for(path, target="coral", min_runtime=None, layers=(), allow=("CONV_3D",))
    assert any("CONV_3D in solid" in note for note in fields["notes"])
    assert json.dumps(fields["coral"].to_dict())


def test_a_failed_export_for_a_target_leaves_no_file(float_file, tmp_path):
    model, _ = float_file
    with pytest.raises(ExportError, match="CONV_3D in solid"):
        export.to_tflite(model, tmp_path / "x.tflite", target="gpu")
    assert list(tmp_path.iterdir()) == []
