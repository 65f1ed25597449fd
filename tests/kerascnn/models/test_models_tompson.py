import keras
import numpy as np
import pytest

from kerascnn.models.pose.tompson import tompson
from kerascnn.registry import get_system
from kerascnn.training import spatial_model

RNG = np.random.default_rng(0)
TINY = get_system("tompson").tiny
SIDE, PARTS = 12, 3


@pytest.fixture(scope="module")
def paper():
    with keras.StatelessScope(initialize_variables=False):
        return tompson()


def test_three_banks_see_an_image_and_its_halves(paper):
    shapes = [paper.network.get_layer(f"bank{level}_conv1").input.shape for level in (1, 2, 3)]
    assert [shape[1:3] for shape in shapes] == [(240, 320), (120, 160), (60, 80)]
    assert paper.network.get_layer("parts").output.shape == (None, 60, 80, 14)
    assert paper.network.get_layer("spatial_model").kernel.shape == (128, 128, 14, 14)


def test_the_levels_of_the_pyramid_add_up_to_the_image():
    network = tompson(**TINY).network
    image = RNG.uniform(size=(1, 16, 16, 3)).astype("float32")
    names = ("level1", "level1_smooth")
    fine, smooth = keras.Model(network.input, [network.get_layer(n).output for n in names])(image)
    np.testing.assert_allclose(fine + smooth, image, atol=1e-6)
    assert np.abs(fine).mean() > 0.1


@pytest.mark.parametrize("normalize", [True, False])
def test_contrast_is_normalised_where_wanted(normalize):
    network = tompson(**TINY, normalize=normalize).network
    image = RNG.uniform(size=(1, 16, 16, 3)).astype("float32")
    detector = keras.Model(network.input, network.get_layer("parts").output)
    maps = np.array(detector(image))
    changed = np.abs(detector(3.0 * image + 0.2) - maps).max() / np.abs(maps).max()
    assert (changed < 0.1) == normalize


def slow_belief(maps, kernel, bias):
    """One part, one place at a time (eq. 2)."""
    evidence = np.maximum(maps, 0)
    belief = np.ones_like(maps)
    half = (len(kernel) - 1) // 2
    for row, column, part in np.ndindex(*maps.shape):
        for other in range(PARTS):
            said = bias[other * PARTS + part]
            for y, x in np.ndindex(*kernel.shape[:2]):
                place = (row + y - half, column + x - half)
                if min(place) >= 0 and max(place) < SIDE:
                    said += kernel[y, x, other, part] * evidence[place[0], place[1], other]
            belief[row, column, part] *= said
    return belief


def built(kernel_size):
    maps = keras.Input((SIDE, SIDE, PARTS))
    model = keras.Model(maps, spatial_model(maps, kernel_size))
    return model, model.get_layer("spatial_model")


@pytest.mark.parametrize("kernel_size", [5, 6])
def test_beliefs_are_products_of_what_all_parts_say(kernel_size):
    model, layer = built(kernel_size)
    weights = [RNG.uniform(size=weight.shape) for weight in layer.get_weights()]
    layer.set_weights(weights)
    maps = RNG.uniform(-1, 1, (SIDE, SIDE, PARTS)).astype("float32")
    belief = model(maps[np.newaxis])[0]
    np.testing.assert_allclose(belief, slow_belief(maps, *weights), rtol=1e-3)


@pytest.mark.parametrize("kernel_size", [5, 6])
def test_at_the_start_parts_say_nothing_of_others(kernel_size):
    model, _ = built(kernel_size)
    maps = RNG.uniform(-1, 1, (1, SIDE, SIDE, PARTS)).astype("float32")
    np.testing.assert_allclose(model(maps), np.maximum(maps, 0), atol=1e-6)


def test_of_two_equal_candidates_the_one_at_the_right_distance_wins():
    model, layer = built(11)
    kernel, bias = layer.get_weights()
    kernel[:] = 0
    kernel[5, 5, range(PARTS), range(PARTS)] = 1
    kernel[5 + 3, 5 - 2, 0, 1] = 5  # seen from part 0, part 1 is three lower and two to the left
    layer.set_weights([kernel[::-1, ::-1], bias])
    maps = np.zeros((1, SIDE, SIDE, PARTS), "float32")
    maps[0, 4, 6, 0] = 1
    maps[0, 4 + 3, 6 - 2, 1] = maps[0, 2, 2, 1] = 1
    belief = np.array(model(maps))[0, ..., 1]
    assert belief[7, 4] > belief[2, 2] > 0
    assert np.unravel_index(belief.argmax(), belief.shape) == (7, 4)


def test_what_the_kernels_hold_stays_positive():
    model, layer = built(5)
    model.compile(keras.optimizers.SGD(10.0), "mse")
    maps = RNG.uniform(size=(4, SIDE, SIDE, PARTS)).astype("float32")
    model.fit(maps, 0 * maps, verbose=0)
    assert min(weight.min() for weight in layer.get_weights()) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [({"banks": 0}, "Received: banks=0"), ({"banks": 4}, r"by 32. Received: input_shape=\(16, 16")],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        tompson(**{**TINY, **options})
