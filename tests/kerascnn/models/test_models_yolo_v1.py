import keras
import numpy as np
import pytest

from kerascnn.models.detection.yolo_v1 import yolo_v1
from kerascnn.registry import get_system

TINY = get_system("yolo_v1").tiny


@pytest.fixture(scope="module")
def paper():
    with keras.StatelessScope(initialize_variables=False):
        return yolo_v1()


def test_24_convolutions_lead_to_a_grid_of_7_by_7_and_two_dense_layers_to_its_cells(paper):
    kinds = [type(layer).__name__ for layer in paper.network.layers]
    assert (kinds.count("Conv2D"), kinds.count("Dense")) == (24, 2)
    assert paper.network.get_layer("flatten").input.shape == (None, 7, 7, 1024)
    assert paper.network.output.shape == (None, 7, 7, 30)


def test_the_convolutions_have_the_parameters_of_the_paper(paper):
    convolutions = [one for one in paper.network.layers if isinstance(one, keras.layers.Conv2D)]
    assert sum(layer.count_params() for layer in convolutions) == 60_155_968


def test_every_layer_but_the_last_is_leaky(paper):
    slopes = [one.negative_slope for one in paper.network.layers if hasattr(one, "negative_slope")]
    assert slopes == [0.1] * 25


def test_a_score_is_the_confidence_times_the_number_of_the_class():
    model = yolo_v1(**TINY, num_classes=3)
    grid = np.zeros((1, 4, 4, 13), "float32")
    grid[0, 1, 2] = [0.5, 0.5, 0.5, 0.6, 0.8, 0, 0, 2, 2, 1.5, 0.25, 0.5, -1]
    outputs = {key: np.array(value) for key, value in model.head(grid).items()}
    first = 2 * (1 * 4 + 2)
    y, x = 1.5 / 4, 2.5 / 4
    expected = [y - 0.125, x - 0.18, y + 0.125, x + 0.18]
    np.testing.assert_allclose(outputs["boxes"][0, first], expected, atol=1e-6)
    np.testing.assert_allclose(outputs["boxes"][0, first + 1], [0, 0, 1, 1])  # clipped
    scores = [[0.2, 0.4, 0], [0.25, 0.5, 0]]  # no number counts above 1 or below 0
    np.testing.assert_allclose(outputs["scores"][0, first : first + 2], scores, atol=1e-6)


def test_without_dense_layers_a_cell_sees_only_its_surroundings():
    keras.utils.set_random_seed(0)  # of a few channels all may be silent
    model = yolo_v1(**{**TINY, "units": 0})
    image = np.zeros((1, 32, 32, 3), "float32")
    changed = image.copy()
    changed[0, -1, -1] = 1
    seen = np.abs(model.network(changed) - model.network(image))[0].max(axis=-1) > 0
    assert seen[-1, -1]
    assert not seen[0, 0]


def test_an_image_whose_sides_cannot_be_halved_is_refused():
    with pytest.raises(ValueError, match=r"divisible by 64.*input_shape=\(440, 448, 3\)"):
        yolo_v1((440, 448, 3))
