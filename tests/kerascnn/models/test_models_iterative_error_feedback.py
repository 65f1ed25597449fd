import keras
import numpy as np
import pytest

from kerascnn.models.pose.iterative_error_feedback import iterative_error_feedback
from kerascnn.registry import get_system

TINY = get_system("iterative_error_feedback").tiny
IMAGES = np.random.default_rng(0).uniform(size=(2, 16, 16, 3)).astype("float32")


@pytest.fixture(scope="module")
def paper():
    with keras.StatelessScope(initialize_variables=False):
        return iterative_error_feedback()


def test_the_first_kernels_see_the_colours_and_a_map_of_each_point(paper):
    googlenet = paper.corrector.get_layer("googlenet")
    assert googlenet.get_layer("conv1").kernel.shape == (7, 7, 3 + 16, 64)
    assert googlenet.get_layer("predictions").kernel.shape == (1024, 2 * 16)


def test_parameters_are_those_of_googlenet_its_further_inputs_and_the_mean_pose(paper):
    googlenet = 6_998_552 - 1025 * 1000
    assert paper.count_params() == googlenet + 7 * 7 * 16 * 64 + 1025 * 32 + 32
    assert paper.deployable.count_params() == paper.count_params()


def test_four_corrections_of_at_most_twenty_pixels_are_deployed(paper):
    assert paper.steps == 4
    assert paper.bound * 224 == pytest.approx(20)
    nodes = paper.deployable.get_config()["layers"]
    (uses,) = (len(node["inbound_nodes"]) for node in nodes if node["name"] == "corrector")
    assert uses == 4


def test_the_network_sees_the_points_as_maps_behind_the_colours():
    model = iterative_error_feedback(**TINY, num_points=3, deviation=0.1)
    corrector = model.corrector
    seen = keras.Model(corrector.inputs, corrector.get_layer("seen").output)
    points = np.float32([[[0.5, 0.5], [0.1, 0.9], [0.9, 0.1]]] * 2)
    x = keras.ops.convert_to_numpy(seen([IMAGES, points]))
    np.testing.assert_array_equal(x[..., :3], IMAGES)
    tops = [np.unravel_index(x[0, ..., 3 + k].argmax(), (16, 16)) for k in range(3)]
    np.testing.assert_allclose((np.array(tops) + 0.5) / 16, points[0], atol=1 / 16)


def test_what_the_points_are_changes_what_is_said():
    model = iterative_error_feedback(**TINY, num_points=3)
    said = [model.corrector([IMAGES, np.full((2, 3, 2), p, "float32")]) for p in (0.3, 0.7)]
    assert np.abs(said[0] - said[1]).max() > 1e-4
