import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import CRFAttention

RNG = np.random.default_rng(0)
FORMS = {
    "default": {},
    "one": {"kernel_size": 3, "iterations": 1},
    "even": {"kernel_size": 4, "iterations": 2},
}
SHAPE = (2, 5, 6, 3)


@pytest.fixture(params=FORMS)
def form(request):
    return FORMS[request.param]


def opened(options, scale=0.5):
    layer = CRFAttention(**options)
    layer.build(SHAPE)
    layer.set_weights([scale * RNG.normal(size=w.shape) for w in layer.get_weights()])
    return layer


def convolve(image, kernel, bias):
    """One place of the image at a time; of an even kernel the larger half is after it."""
    side = len(kernel)
    before = (side - 1) // 2
    output = np.zeros((*image.shape[:-1], 1)) + bias
    for i, j, a, b in np.ndindex(*image.shape[1:3], side, side):
        y, x = i + a - before, j + b - before
        if 0 <= y < image.shape[1] and 0 <= x < image.shape[2]:
            output[:, i, j] += image[:, y, x] @ kernel[a, b]
    return output


def attention(image, layer):
    unary_kernel, unary_bias, kernel, bias = layer.get_weights()
    belief = unary = convolve(image, unary_kernel, unary_bias)
    for _ in range(layer.iterations):
        belief = 1 / (1 + np.exp(-convolve(belief, kernel, bias) - unary))
    return belief


def test_it_equals_the_definition(form):
    layer = opened(form)
    image = RNG.normal(size=SHAPE).astype("float32")
    wanted = attention(image.astype("float64"), layer)
    np.testing.assert_allclose(layer.attend(image), wanted, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer(image), wanted * image, rtol=1e-4, atol=1e-5)


def test_its_gradient_is_the_slope(form):
    layer = opened(form)
    image, direction = RNG.normal(size=(2, *SHAPE))
    with tf.GradientTape() as tape:
        tape.watch(x := tf.constant(image, "float32"))
        total = tf.reduce_sum(layer(x) ** 2)
    moved = (image + step * direction for step in (1e-5, -1e-5))
    high, low = (np.sum((x * attention(x, layer)) ** 2) for x in moved)
    slope = np.sum(tape.gradient(total, x).numpy() * direction)
    np.testing.assert_allclose(slope, (high - low) / 2e-5, rtol=2e-3)


def test_attention_is_one_map_between_0_and_1(form):
    found = np.array(opened(form, scale=0.2).attend(RNG.normal(size=SHAPE).astype("float32")))
    assert found.shape == (*SHAPE[:3], 1)
    assert 0 < found.min() < found.max() < 1


@pytest.mark.parametrize("iterations", [1, 3, 7])
def test_all_iterations_share_one_kernel(iterations):
    layer = CRFAttention(iterations=iterations)
    layer.build((None, 64, 64, 256))
    shapes = [weight.shape for weight in layer.weights]
    assert shapes == [(3, 3, 256, 1), (1,), (11, 11, 1, 1), (1,)]


def test_a_pixel_matters_more_where_its_neighbours_do():
    layer = opened({"kernel_size": 3})
    image = np.zeros((1, 5, 5, 3), "float32")
    image[0, 2, 1:4] = 1
    image[0, 2, 2] = 0  # alone it says nothing
    own = np.zeros((3, 3, 3, 1))
    own[1, 1] = 1
    layer.set_weights([own, np.zeros(1), np.ones((3, 3, 1, 1)), np.full(1, -4.5)])
    found = np.array(layer.attend(image))[0, ..., 0]
    assert found[2, 2] > 2 * found[4, 2]


def test_it_opens_up_to_layers_that_share_its_weights(form):
    layer = opened(form)
    image = keras.Input(SHAPE[1:])
    flat = keras.Model(image, layer.call(image))
    assert CRFAttention not in {type(inner) for inner in flat.layers}
    assert len(flat.weights) == len(layer.weights)
    values = RNG.normal(size=SHAPE).astype("float32")
    np.testing.assert_allclose(flat(values), layer(values), atol=1e-6)


def test_it_is_the_same_when_loaded(form, tmp_path):
    image = keras.Input(SHAPE[1:])
    model = keras.Model(image, opened(form)(image))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    values = RNG.normal(size=SHAPE).astype("float32")
    np.testing.assert_array_equal(loaded(values), model(values))
