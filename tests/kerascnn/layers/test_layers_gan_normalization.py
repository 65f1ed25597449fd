import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import (
    ConditionalBatchNormalization,
    EqualizedConv2D,
    EqualizedDense,
    MinibatchStandardDeviation,
    PixelNormalization,
)

RNG = np.random.default_rng(0)


def slopes(layer, arrays, definition, **options):
    """The gradient along a direction, and the slope of the definition."""
    directions = [RNG.normal(size=array.shape) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors := [tf.constant(array, "float32") for array in arrays])
        total = tf.reduce_sum(layer(tensors if len(tensors) > 1 else tensors[0], **options) ** 3)
    gradients = tape.gradient(total, tensors)
    moved = [
        [a + step * d for a, d in zip(arrays, directions, strict=True)] for step in (1e-5, -1e-5)
    ]
    ends = [np.sum(definition(*values) ** 3) for values in moved]
    actual = sum(np.sum(g.numpy() * d) for g, d in zip(gradients, directions, strict=True))
    return actual, (ends[0] - ends[1]) / 2e-5


def conditional(layer, x, condition, training=True):
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    if not training:
        mean, variance = layer.normalization.get_weights()
    x = (x - mean) / np.sqrt(variance + layer.epsilon)
    output = np.empty_like(x)
    for sample, row in enumerate(condition):
        gain = 1 + row @ layer.gains.kernel.numpy()
        output[sample] = x[sample] * gain + row @ layer.biases.kernel.numpy()
    return output


@pytest.fixture
def layer():
    layer = ConditionalBatchNormalization(kernel_initializer="orthogonal", epsilon=0.01)
    layer.build([(None, 3, 2, 4), (None, 5)])
    mean, variance = layer.normalization.variables
    mean.assign(RNG.normal(size=4))
    variance.assign(RNG.uniform(0.5, 2, size=4))
    return layer


@pytest.mark.parametrize("training", [True, False])
def test_conditional_normalisation_equals_its_definition(layer, training):
    x, condition = RNG.normal(size=(6, 3, 2, 4)), RNG.normal(size=(6, 5))
    expected = conditional(layer, x, condition, training)
    output = layer([x.astype("float32"), condition.astype("float32")], training=training)
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_gradients_of_conditional_normalisation_are_the_slopes(layer, training):
    arrays = [RNG.normal(size=(6, 3, 2, 4)), RNG.normal(size=(6, 5))]
    actual, expected = slopes(
        layer, arrays, lambda x, c: conditional(layer, x, c, training), training=training
    )
    np.testing.assert_allclose(actual, expected, rtol=1e-3)


def test_a_one_hot_condition_picks_the_gains_and_biases_of_its_class(layer):
    x = RNG.normal(size=(5, 3, 2, 4)).astype("float32")
    plain = layer.normalization(x, training=False).numpy()
    output = layer([x, np.eye(5, dtype="float32")], training=False)
    gains, biases = (1 + layer.gains.kernel.numpy(), layer.biases.kernel.numpy())
    for place in range(5):
        expected = plain[place] * gains[place] + biases[place]
        np.testing.assert_allclose(output[place], expected, rtol=1e-5, atol=1e-6)


def test_without_a_condition_it_is_plain_normalisation(layer):
    x = RNG.normal(size=(6, 3, 2, 4)).astype("float32")
    output = layer([x, np.zeros((6, 5), "float32")], training=False)
    np.testing.assert_array_equal(output, layer.normalization(x, training=False))


def test_gains_and_biases_start_differently(layer):
    assert np.abs(layer.gains.kernel.numpy() - layer.biases.kernel.numpy()).max() > 0.1


def test_conditional_normalisation_has_a_gain_and_a_bias_a_class_and_channel(layer):
    assert sum(np.prod(w.shape) for w in layer.trainable_weights) == 2 * 5 * 4


@pytest.mark.parametrize("shapes", [[(1, 4, 4, 3)], [(1, 4, 4, 3), (1, 2, 2)]])
def test_what_is_no_pair_of_features_and_condition_is_refused(shapes):
    with pytest.raises(ValueError, match="Received: shapes="):
        ConditionalBatchNormalization().build(shapes)


def pixel(x):
    return np.array([row / np.sqrt(np.mean(row**2) + 1e-8) for row in x.reshape(-1, x.shape[-1])])


def test_pixel_normalisation_equals_its_definition():
    x = RNG.normal(size=(2, 3, 4, 5))
    output = PixelNormalization()(x.astype("float32"))
    np.testing.assert_allclose(output, pixel(x).reshape(x.shape), rtol=1e-5)
    actual, expected = slopes(PixelNormalization(), [x], pixel)
    np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize(
    ("dtype", "scale", "rtol"),
    [
        ("float32", 1.0, 1e-5),
        ("float32", 1e6, 1e-5),
        ("mixed_float16", 1e3, 2e-3),
        ("mixed_float16", 0.05, 2e-3),
        ("mixed_bfloat16", 1.0, 2e-2),
    ],
)
def test_normalised_pixels_have_a_mean_square_of_1(dtype, scale, rtol):
    x = scale * RNG.normal(size=(2, 3, 4, 64))
    output = PixelNormalization(dtype=dtype)(x.astype("float32"))
    squares = np.mean(np.array(tf.cast(output, "float32")) ** 2, -1)
    np.testing.assert_allclose(squares, np.ones((2, 3, 4)), rtol=rtol)


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
def test_a_pixel_of_zeros_stays_zero_with_a_finite_gradient(dtype):
    layer = PixelNormalization(dtype=dtype)
    with tf.GradientTape() as tape:
        tape.watch(x := tf.zeros((1, 2, 2, 3)))
        output = layer(x)
    np.testing.assert_array_equal(output, np.zeros((1, 2, 2, 3)))
    assert np.isfinite(tape.gradient(output, x)).all()


def deviation(x, size=4, epsilon=1e-8):
    """Deal the images out like cards, then look at each hand."""
    groups = -(-len(x) // size)
    output = np.empty((*x.shape[:-1], 1))
    for group in range(groups):
        mine = x[group::groups]
        variance = np.mean((mine - mine.mean(0)) ** 2, 0)
        output[group::groups] = np.mean(variance / np.sqrt(variance + epsilon))
    return np.concatenate([x, output], -1)


@pytest.mark.parametrize("count", [1, 2, 4, 5, 7, 8, 12])
def test_the_deviation_channel_equals_its_definition_for_any_batch(count):
    x = RNG.normal(size=(count, 3, 2, 4))
    layer = MinibatchStandardDeviation()
    dynamic = tf.function(layer, input_signature=[tf.TensorSpec((None, 3, 2, 4))])
    for run in (layer, dynamic):
        np.testing.assert_allclose(run(x.astype("float32")), deviation(x), rtol=1e-5)
    if count > 1:
        actual, expected = slopes(layer, [x], deviation)
        np.testing.assert_allclose(actual, expected, rtol=1e-3)


def test_whole_groups_are_those_of_the_paper():
    x = RNG.normal(size=(8, 3, 2, 4)).astype("float32")
    rows = x.reshape(4, 2, 3, 2, 4)
    expected = np.sqrt(rows.var(0) + 1e-8).mean((1, 2, 3))
    channel = MinibatchStandardDeviation()(x)[:, 0, 0, -1]
    np.testing.assert_allclose(channel, np.tile(expected, 4), rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
def test_equal_images_have_no_deviation_and_a_finite_gradient(dtype):
    layer = MinibatchStandardDeviation(dtype=dtype)
    with tf.GradientTape() as tape:
        tape.watch(x := tf.ones((6, 3, 2, 4)))
        channel = layer(x)[..., -1]
    np.testing.assert_allclose(channel, np.zeros((6, 3, 2)), atol=1e-6)
    assert np.isfinite(tape.gradient(channel, x)).all()


@pytest.mark.parametrize("strides", [1, 2])
def test_an_equalized_convolution_scales_its_kernel(strides):
    layer = EqualizedConv2D(5, (3, 2), strides=strides, gain=0.7, bias_initializer="normal")
    x = RNG.normal(size=(2, 7, 6, 4)).astype("float32")
    output = layer(x)
    plain = keras.layers.Conv2D(5, (3, 2), strides=strides)
    plain.build(x.shape)
    kernel, bias = layer.get_weights()
    plain.set_weights([kernel * 0.7 / np.sqrt(3 * 2 * 4), bias])
    np.testing.assert_allclose(output, plain(x), rtol=1e-4, atol=1e-5)


def test_an_equalized_dense_layer_scales_its_kernel():
    layer = EqualizedDense(3, gain=0.7, bias_initializer="normal", activation="tanh")
    x = RNG.normal(size=(2, 6))
    output = layer(x.astype("float32"))
    kernel, bias = layer.get_weights()
    expected = np.tanh(x @ (kernel * 0.7 / np.sqrt(6)) + bias)
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)
    actual, slope = slopes(layer, [x], lambda x: np.tanh(x @ (kernel * 0.7 / np.sqrt(6)) + bias))
    np.testing.assert_allclose(actual, slope, rtol=1e-3)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(EqualizedConv2D(64, 3), (8, 12, 12, 64)), (EqualizedDense(512), (64, 512))],
    ids=["conv", "dense"],
)
def test_kernels_start_standard_normal_and_keep_the_size_of_rectified_features(layer, shape):
    x = np.maximum(RNG.normal(size=shape), 0).astype("float32")
    output = np.maximum(layer(x), 0)
    np.testing.assert_allclose(np.std(layer.kernel), 1.0, atol=0.02)
    np.testing.assert_allclose(np.mean(output**2), np.mean(x**2), rtol=0.3)


@pytest.mark.parametrize("layer", [EqualizedConv2D(2, 3), EqualizedDense(2)], ids=str)
def test_equalized_layers_are_the_same_when_loaded(layer, tmp_path):
    image = keras.Input((5, 5, 3))
    model = keras.Model(image, layer(image))
    model.save(tmp_path / "model.keras")
    x = RNG.normal(size=(2, 5, 5, 3)).astype("float32")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(x), model(x))
