import itertools

import keras
import numpy as np
import pytest

from kerascnn.layers import ConvBlock, LocalResponseNormalization

RNG = np.random.default_rng(0)


def build(block, shape):
    block.build(shape)
    block.set_weights([RNG.uniform(-1, 1, size=weight.shape) for weight in block.weights])
    return block


def convolve(image, kernel, stride, rate, zeros):
    """The definition, with the same number of zeros at all ends."""
    image = np.pad(image, ((0, 0), (zeros, zeros), (zeros, zeros), (0, 0)))
    size, channels = kernel.shape[0], kernel.shape[-1]
    sides = [(side - rate * (size - 1) - 1) // stride + 1 for side in image.shape[1:3]]
    output = np.zeros((len(image), *sides, channels))
    for i, j, a, b in itertools.product(*map(range, (*sides, size, size))):
        output[:, i, j] += image[:, i * stride + a * rate, j * stride + b * rate] @ kernel[a, b]
    return output


def pool(image, size, stride, reduce):
    sides = [(side - size) // stride + 1 for side in image.shape[1:3]]
    output = np.empty((len(image), *sides, image.shape[-1]))
    for i, j in np.ndindex(*sides):
        window = image[:, i * stride : i * stride + size, j * stride : j * stride + size]
        output[:, i, j] = reduce(window, axis=(1, 2))
    return output


@pytest.mark.parametrize("zeros", [0, 1, 3])
@pytest.mark.parametrize(("stride", "rate"), [(1, 1), (2, 1), (1, 2), (2, 2), (3, 2)])
@pytest.mark.parametrize(("pooling", "reduce"), [("max", np.max), ("average", np.mean)])
def test_it_equals_the_definition(stride, rate, zeros, pooling, reduce):
    options = {"strides": stride, "dilation_rate": rate, "padding": zeros, "pooling": pooling}
    block = ConvBlock(4, 3, activation="tanh", pool_size=3, pool_strides=2, **options)
    image = RNG.normal(size=(2, 15, 18, 2))
    kernel, bias = build(block, image.shape).get_weights()
    expected = np.tanh(convolve(image, kernel, stride, rate, zeros) + bias)
    expected = pool(expected, 3, 2, reduce)
    assert block.compute_output_shape(image.shape) == expected.shape
    np.testing.assert_allclose(block(image), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("side", "options", "expected"),
    [
        (5, {"kernel_size": 3}, 3),
        (227, {"kernel_size": 11, "strides": 4}, 55),
        (224, {"kernel_size": 7, "strides": 2, "padding": 3}, 112),
        (32, {"kernel_size": 3, "dilation_rate": 2, "padding": 2}, 32),
        (28, {"kernel_size": 1, "pooling": "max"}, 14),
        (55, {"kernel_size": 1, "pooling": "max", "pool_size": 3, "pool_strides": 2}, 27),
        (112, {"kernel_size": 1, "pooling": "average", "pool_size": 3, "pool_strides": 2}, 55),
        (7, {"kernel_size": 3, "strides": 2, "padding": "same"}, 4),
    ],
    ids=str,
)
def test_a_side_becomes(side, options, expected):
    block = ConvBlock(1, **options)
    assert block(np.zeros((1, side, side, 1), "float32")).shape == (1, expected, expected, 1)
    assert block.compute_output_shape((None, side, None, 1)) == (None, expected, None, 1)


@pytest.mark.parametrize(
    ("options", "count"),
    [({}, 5 * 5 * 6 * 8 + 8), ({"groups": 2}, 5 * 5 * 3 * 8 + 8), ({"use_bias": False}, 1200)],
    ids=str,
)
def test_it_has_the_parameters_of_its_formula(options, count):
    block = ConvBlock(8, 5, **options)
    block.build((None, 9, 9, 6))
    assert block.count_params() == count


def test_normalization_lies_between_convolution_and_activation():
    block = ConvBlock(4, 3, normalization="batch")
    image = RNG.normal(size=(2, 6, 6, 2))
    build(block, image.shape)
    gamma, beta, mean, variance = block.steps[1].get_weights()
    variance = np.abs(variance)
    block.steps[1].set_weights([gamma, beta, mean, variance])
    kernel, bias = block.convolution.get_weights()
    x = convolve(image, kernel, 1, 1, 0) + bias
    x = gamma * (x - mean) / np.sqrt(variance + block.steps[1].epsilon) + beta
    np.testing.assert_allclose(block(image), np.maximum(x, 0), rtol=1e-4, atol=1e-5)


def test_each_block_has_a_normalization_of_its_own():
    given = keras.layers.GroupNormalization(2, epsilon=0.1, name="mine")
    first, second = (ConvBlock(4, 3, normalization=given) for _ in range(2))
    for block in (first, second):
        block.build((None, 6, 6, 2))
    assert first.normalization.epsilon == 0.1
    assert first.normalization.gamma is not second.normalization.gamma


def test_a_normalization_without_weights_may_be_given():
    options = {"size": 3, "alpha": 0.1}
    block = ConvBlock(4, 3, normalization=LocalResponseNormalization(**options), activation="tanh")
    image = RNG.normal(size=(2, 6, 6, 2)).astype("float32")
    build(block, image.shape)
    expected = LocalResponseNormalization(**options)(block.convolution(image))
    np.testing.assert_allclose(block(image), np.tanh(expected), rtol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"padding": 2, "normalization": "batch", "pooling": "max"},
        {"strides": 2, "dilation_rate": 2, "normalization": keras.layers.GroupNormalization(2)},
    ],
    ids=["plain", "batch", "dilated"],
)
def test_it_opens_up_and_is_the_same_when_loaded(options, tmp_path):
    image = keras.Input((12, 12, 2))
    block = build(ConvBlock(4, 3, **options), image.shape)
    values = RNG.normal(size=(2, 12, 12, 2)).astype("float32")
    flat = keras.Model(image, block.call(image))
    assert ConvBlock not in {type(layer) for layer in flat.layers}
    assert len(flat.weights) == len(block.weights)
    np.testing.assert_array_equal(flat(values), block(values))
    keras.Model(image, block(image)).save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(values), block(values))


@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 5},
        {"kernel_size": 3, "dilation_rate": 2},
        {"kernel_size": 3, "pooling": "max", "pool_size": 3},
        {"kernel_size": 3, "strides": 2, "dilation_rate": 2},
    ],
    ids=str,
)
def test_a_window_larger_than_the_image_is_refused(options):
    with pytest.raises(ValueError, match=r"Received: input_shape=\(None, 4, 9, 1\)"):
        ConvBlock(2, **options).build((None, 4, 9, 1))
