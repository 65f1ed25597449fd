import keras
import numpy as np
import pytest

from kerascnn import edge, export
from kerascnn.models.pose.deeppose import deeppose
from kerascnn.registry import get_system

RNG = np.random.default_rng(0)
TINY = get_system("deeppose").tiny
IMAGES = RNG.uniform(size=(3, 19, 19, 3)).astype("float32")


@pytest.fixture(scope="module")
def paper():
    with keras.StatelessScope(initialize_variables=False):
        return deeppose()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_stage_has_the_layers_of_alexnet_and_a_number_for_each_coordinate(paper, number):
    stage = paper.network.get_layer(f"stage{number}")
    assert stage.count_params() == 58_396_060
    assert stage.get_layer("conv1").output.shape == (None, 55, 55, 96)
    assert stage.get_layer("flatten").input.shape == (None, 6, 6, 256)
    assert stage.output_shape == (None, 28)


def test_a_later_stage_sees_each_point_from_near(paper):
    assert paper.network.get_layer("stage2").input_shape == (None, 227, 227, 3)
    assert paper.network.output_shape == [(None, 14, 2)] * 3


def small(**options):
    return deeppose(**{**TINY, "num_points": 4, "noise": 0.0, **options})


def set_output(model, stage, values):
    """Let a stage give the same whatever it sees."""
    layer = model.network.get_layer(stage).get_layer("predictions")
    layer.set_weights([0 * layer.kernel, np.ravel(values)])


def test_coordinates_are_from_the_middle_and_moves_are_in_windows():
    model = small(trunk=(0, 2), scale=2.0)
    first = RNG.uniform(-0.3, 0.3, (4, 2))
    moves = RNG.uniform(-0.2, 0.2, (4, 2))
    set_output(model, "stage1", first)
    set_output(model, "stage2", moves)
    last, before = model.network(IMAGES)
    side = 2.0 * np.hypot(np.linalg.norm(first[0] - first[2]), 0.01)
    np.testing.assert_allclose(before[0], first + 0.5, atol=1e-6)
    np.testing.assert_allclose(last[0], first + 0.5 + side * moves, atol=1e-6)


def test_each_point_is_moved_by_what_is_said_of_it_in_its_own_window():
    image = np.zeros((1, 19, 19, 3), "float32")
    changed = image.copy()
    changed[0, 0:3, 0:3] = 1  # where the first point is
    model = small(scale=0.2)
    set_output(model, "stage1", [[-0.4, -0.4], [0.4, 0.4], [-0.4, 0.4], [0.4, -0.4]])
    moved = np.abs(model.network(changed)[0] - model.network(image)[0])[0].max(axis=-1)
    assert moved[0] > 0
    np.testing.assert_array_equal(moved[1:], 0)


def test_both_stages_learn_from_their_own_loss():
    model = small(dropout=0.0)
    target = np.concatenate([RNG.uniform(size=(3, 4, 2)), np.ones((3, 4, 1))], axis=-1)
    model.compile(keras.optimizers.Adam(1e-2), loss=model.default_loss)
    losses = [model.fit(IMAGES, target, epochs=1, verbose=0).history["loss"] for _ in range(30)]
    assert losses[-1][0] < 0.7 * losses[0][0]


def test_a_stage_alone_is_all_integers(tmp_path):
    stage = small().network.get_layer("stage1")
    report = export.to_tflite(stage, tmp_path / "stage.tflite", quantize="int8", calibration=IMAGES)
    assert not report.float_operators
    assert edge.load(tmp_path / "stage.tflite")(IMAGES[:1]).shape == (1, 8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stages": 1}, "Received: stages=1"),
        ({"trunk": (1, 1)}, r"Received: trunk=\(1, 1\)"),
        ({"trunk": (0, 4)}, r"0\.\.3. Received: trunk=\(0, 4\)"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options)
