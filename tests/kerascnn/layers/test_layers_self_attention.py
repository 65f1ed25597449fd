import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import LocalSparseAttention2D, SelfAttention2D

RNG = np.random.default_rng(0)
FORMS = {
    "default": {},
    "unpooled": {"pool_size": 1},
    "channels": {"key_channels": 3, "value_channels": 2, "pool_size": 3},
}


@pytest.fixture(params=FORMS)
def form(request):
    return FORMS[request.param]


def opened(options, shape=(2, 6, 6, 8), kind=SelfAttention2D):
    """A layer that is not at its start, where it is the identity."""
    layer = kind(**options)
    layer.build(shape)
    layer.set_weights([RNG.normal(size=w.shape) for w in layer.get_weights()])
    return layer


def pool(image, size):
    windows = [
        [image[:, i : i + size, j : j + size].max((1, 2)) for j in range(0, image.shape[2], size)]
        for i in range(0, image.shape[1], size)
    ]
    return np.moveaxis(windows, 2, 0)


def attention(image, layer):
    """One query at a time."""
    query, key, value = (image @ p.kernel.numpy()[0, 0] for p in projections(layer))
    key, value = pool(key, layer.pool_size), pool(value, layer.pool_size)
    output = np.zeros((*image.shape[:-1], value.shape[-1]))
    for sample, i, j in np.ndindex(image.shape[:3]):
        weights = np.exp(key[sample] @ query[sample, i, j])
        output[sample, i, j] = np.tensordot(weights / weights.sum(), value[sample], 2)
    return image + float(layer.gain.gamma) * (output @ layer.projection.kernel.numpy()[0, 0])


def projections(layer):
    return layer.query, layer.key, layer.value


def test_it_equals_the_definition(form):
    layer = opened(form)
    image = RNG.normal(size=(2, 6, 6, 8)).astype("float32")
    expected = attention(image.astype("float64"), layer)
    np.testing.assert_allclose(layer(image), expected, rtol=1e-4, atol=1e-4)


def test_its_gradient_is_the_slope(form):
    layer = opened(form)
    image, direction = 0.3 * RNG.normal(size=(2, 1, 6, 6, 8))
    with tf.GradientTape() as tape:
        tape.watch(x := tf.constant(image, "float32"))
        total = tf.reduce_sum(layer(x) ** 2)
    steps = [np.sum(attention(image + step * direction, layer) ** 2) for step in (1e-5, -1e-5)]
    slope = np.sum(tape.gradient(total, x).numpy() * direction)
    np.testing.assert_allclose(slope, (steps[0] - steps[1]) / 2e-5, rtol=2e-3)


@pytest.mark.parametrize(
    ("kind", "channels"), [(SelfAttention2D, 8), (LocalSparseAttention2D, 64)], ids=str
)
def test_at_its_start_it_is_the_identity_and_gamma_learns(kind, channels):
    layer = kind()
    image = tf.constant(RNG.normal(size=(2, 6, 6, channels)), "float32")
    with tf.GradientTape() as tape:
        output = layer(image, training=True)
        total = tf.reduce_sum(output**2)
    np.testing.assert_array_equal(output, image)
    assert abs(float(tape.gradient(total, layer.gain.gamma.value))) > 0


@pytest.mark.parametrize(
    ("kind", "channels"), [(SelfAttention2D, 8), (LocalSparseAttention2D, 64)], ids=str
)
def test_the_weights_of_each_query_sum_to_1(kind, channels):
    layer = opened({}, (2, 6, 6, channels), kind)
    query = RNG.normal(size=(2, 6, 6, layer.query.filters))
    key = RNG.normal(size=(2, 3, 3, layer.key.filters))
    averages = layer.attend(
        tf.constant(query, "float32"),
        tf.constant(key, "float32"),
        tf.ones((2, 3, 3, layer.value.filters)),
    )
    np.testing.assert_allclose(averages, np.ones((2, 6, 6, layer.value.filters)), atol=1e-5)


def test_it_has_the_parameters_of_the_paper():
    layer = SelfAttention2D()
    layer.build((None, 32, 32, 256))
    assert layer.count_params() == 2 * 256 * 32 + 2 * 256 * 128 + 1 == 81_921


def test_spectral_normalization_divides_by_the_largest_singular_value():
    layer = SelfAttention2D(spectral_normalization=True)
    image = RNG.normal(size=(2, 6, 6, 8)).astype("float32")
    for _ in range(50):
        layer(image, training=True)
    kernels = [one.normalized_kernel().numpy()[0, 0] for one in projections(layer)]
    largest = [np.linalg.svd(kernel)[1].max() for kernel in kernels]
    np.testing.assert_allclose(largest, 1.0, rtol=1e-3)


@pytest.mark.parametrize(
    ("kind", "channels"), [(SelfAttention2D, 8), (LocalSparseAttention2D, 64)], ids=str
)
def test_it_opens_up_to_layers_that_share_its_weights(kind, channels):
    layer = opened({}, (2, 6, 6, channels), kind)
    image = keras.Input((6, 6, channels))
    flat = keras.Model(image, layer.call(image))
    assert kind not in {type(inner) for inner in flat.layers}
    assert len(flat.weights) == len(layer.weights)
    values = RNG.normal(size=(2, 6, 6, channels)).astype("float32")
    np.testing.assert_array_equal(flat(values), layer(values))


@pytest.mark.parametrize(
    ("kind", "channels"), [(SelfAttention2D, 8), (LocalSparseAttention2D, 64)], ids=str
)
def test_it_is_the_same_when_loaded(kind, channels, tmp_path):
    image = keras.Input((6, 6, channels))
    model = keras.Model(image, opened({}, (2, 6, 6, channels), kind)(image))
    model.save(tmp_path / "model.keras")
    values = RNG.normal(size=(2, 6, 6, channels)).astype("float32")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(values), model(values))


@pytest.mark.parametrize("shape", [(None, None, 8, 8), (None, 8, 1, 8)])
def test_unknown_and_short_sides_are_refused(shape):
    with pytest.raises(ValueError, match=r"Received: input_shape=\(None"):
        SelfAttention2D().build(shape)
