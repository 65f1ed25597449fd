"""The survey's plain operations are Keras's: what they compute, against loops and by hand."""

import itertools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

RNG = np.random.default_rng(0)


def convolve(image, kernel, stride, padding):
    """Six loops: two over places, two over the kernel, and two inside the product."""
    (height, width, _), size = image.shape, len(kernel)
    sides = [
        -(-n // stride) if padding == "same" else (n - size) // stride + 1 for n in image.shape[:2]
    ]
    top, left = (
        max((count - 1) * stride + size - n, 0) // 2 if padding == "same" else 0
        for count, n in zip(sides, image.shape, strict=False)
    )
    output = np.zeros((*sides, kernel.shape[-1]))
    for i, j, a, b in itertools.product(*map(range, (*sides, size, size))):
        y, x = i * stride + a - top, j * stride + b - left
        if 0 <= y < height and 0 <= x < width:
            for c, d in np.ndindex(kernel.shape[2:]):
                output[i, j, d] += image[y, x, c] * kernel[a, b, c, d]
    return output


@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_a_convolution_is_a_sum_over_the_window(size, stride, padding):
    layer = layers.Conv2D(2, size, stride, padding, use_bias=False)
    image = RNG.normal(size=(1, 8, 7, 3)).astype("float32")
    output = layer(image)
    expected = convolve(image[0], layer.get_weights()[0], stride, padding)
    np.testing.assert_allclose(output[0], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("side", "size", "stride", "rate", "zeros", "expected"),
    [(5, 3, 1, 1, 0, 3), (227, 11, 4, 1, 0, 55), (224, 7, 2, 1, 3, 112), (32, 3, 1, 2, 2, 32)],
)
def test_a_convolution_has_as_many_places(side, size, stride, rate, zeros, expected):
    shape = (None, side + 2 * zeros, side + 2 * zeros, 1)
    layer = layers.Conv2D(1, size, stride, dilation_rate=rate)
    assert layer.compute_output_shape(shape) == (None, expected, expected, 1)
    assert (side + 2 * zeros - rate * (size - 1) - 1) // stride + 1 == expected


def test_a_convolution_shares_its_weights_over_all_places():
    layer = layers.Conv2D(2, 3, 2)
    image = RNG.normal(size=(1, 13, 13, 1)).astype("float32")
    output, shifted = layer(image), layer(np.roll(image, 2, axis=1))
    np.testing.assert_allclose(shifted[:, 1:], output[:, :-1], atol=1e-6)
    assert layer.count_params() == 3 * 3 * 1 * 2 + 2


@pytest.mark.parametrize("rate", [2, 3, 4])
def test_a_dilated_kernel_is_one_with_zeros_between(rate):
    layer = layers.Conv2D(2, 3, dilation_rate=rate, use_bias=False)
    image = RNG.normal(size=(1, 11, 12, 3)).astype("float32")
    output = layer(image)
    wide = np.zeros((2 * rate + 1, 2 * rate + 1, 3, 2))
    wide[::rate, ::rate] = layer.get_weights()[0]
    np.testing.assert_allclose(output[0], convolve(image[0], wide, 1, "valid"), atol=1e-5)
    assert layer.count_params() == 3 * 3 * 3 * 2


@pytest.mark.parametrize("rate", [1, 2, 3, 4])
def test_a_dilated_kernel_sees_a_wider_window(rate):
    layer = layers.Conv2D(1, 3, dilation_rate=rate)
    with tf.GradientTape() as tape:
        tape.watch(image := tf.ones((1, 15, 15, 1)))
        output = layer(image)[0, 2, 2, 0]
    rows = np.nonzero(tape.gradient(output, image)[0, :, 2, 0])[0]
    assert rows.max() - rows.min() + 1 == rate * (3 - 1) + 1


def test_a_transposed_convolution_grows_2_pixels_to_4():
    layer = layers.Conv2DTranspose(1, 3, kernel_initializer="ones")
    overlaps = [[1, 2, 2, 1], [2, 4, 4, 2], [2, 4, 4, 2], [1, 2, 2, 1]]
    np.testing.assert_array_equal(layer(np.ones((1, 2, 2, 1)))[0, ..., 0], overlaps)


@pytest.mark.parametrize(
    ("side", "size", "stride", "padding", "zeros", "expected"),
    [(2, 3, 1, "valid", 0, 4), (4, 4, 2, "same", 1, 8), (16, 4, 2, "same", 1, 32)],
)
def test_a_transposed_convolution_has_as_many_pixels(side, size, stride, padding, zeros, expected):
    layer = layers.Conv2DTranspose(1, size, stride, padding)
    assert layer(np.zeros((1, side, side, 1))).shape == (1, expected, expected, 1)
    assert (side - 1) * stride - 2 * zeros + (size - 1) + 1 == expected


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_a_transposed_convolution_is_the_adjoint_of_a_convolution(stride, padding):
    forth = layers.Conv2D(2, 3, stride, padding, use_bias=False)
    back = layers.Conv2DTranspose(3, 3, stride, padding, use_bias=False)
    side = 4 * stride if padding == "same" else 3 * stride + 3
    image, features = RNG.normal(size=(1, side, side, 3)), RNG.normal(size=(1, 4, 4, 2))
    there = forth(image)
    back.build(features.shape)
    back.set_weights(forth.get_weights())
    inner = np.sum(there * features), np.sum(image * back(features))
    assert math.isclose(*map(float, inner), abs_tol=1e-4)


def test_pooling_takes_the_largest_or_the_mean():
    window = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 2, 1)
    assert float(layers.MaxPooling2D(2)(window)[0, 0, 0, 0]) == 4.0
    assert float(layers.AveragePooling2D(2)(window)[0, 0, 0, 0]) == 2.5


@pytest.mark.parametrize(("side", "size", "expected"), [(28, 2, 14), (55, 3, 27), (112, 3, 55)])
@pytest.mark.parametrize("kind", [layers.MaxPooling2D, layers.AveragePooling2D])
def test_pooling_has_as_many_places(kind, side, size, expected):
    assert kind(size, 2).compute_output_shape((1, side, side, 1)) == (1, expected, expected, 1)
    assert (side - size) // 2 + 1 == expected


def test_places_that_are_cut_off_count_with_same_padding():
    shape = layers.MaxPooling2D(3, 2, padding="same").compute_output_shape((1, 112, 112, 1))
    assert shape == (1, math.ceil((112 - 3) / 2) + 1, 56, 1)


def test_the_gradient_of_the_largest_goes_to_one_pixel():
    with tf.GradientTape() as tape:
        tape.watch(window := tf.constant([[1.0, 2.0], [4.0, 3.0]])[None, :, :, None])
        output = layers.MaxPooling2D()(window)
    gradient = tape.gradient(output, window)[0, ..., 0]
    np.testing.assert_array_equal(gradient, [[0.0, 0.0], [1.0, 0.0]])


@pytest.mark.parametrize(
    ("name", "values", "slopes"),
    [
        ("relu", [0.0, 0.0, 2.0], [0.0, 0.0, 1.0]),
        ("tanh", [-0.9640276, 0.0, 0.9640276], [0.0706508, 1.0, 0.0706508]),
        ("sigmoid", [0.1192029, 0.5, 0.8807971], [0.1049936, 0.25, 0.1049936]),
    ],
)
def test_an_activation_has_the_values_and_slopes_of_its_formula(name, values, slopes):
    with tf.GradientTape() as tape:
        tape.watch(points := tf.constant([-2.0, 0.0, 2.0]))
        output = keras.activations.get(name)(points)
    np.testing.assert_allclose(output, values, atol=1e-6)
    np.testing.assert_allclose(tape.gradient(output, points), slopes, atol=1e-6)


@pytest.mark.parametrize(
    ("activation", "lowest", "highest"), [("sigmoid", 0.0, 0.05), ("linear", 0.4, 0.5)]
)
def test_a_hidden_layer_fits_a_sine_only_if_it_is_not_linear(activation, lowest, highest):
    keras.utils.set_random_seed(0)
    x = np.linspace(0.0, 1.0, 256)[:, None]
    y = np.sin(2 * np.pi * x)
    normal = keras.initializers.RandomNormal(stddev=10.0)
    hidden = layers.Dense(64, activation, kernel_initializer=normal, bias_initializer=normal)
    features = np.concatenate([hidden(x), np.ones_like(x)], axis=1)
    # The best output layer on top of it.
    weights = np.linalg.lstsq(features, y, rcond=1e-6)[0]
    assert lowest <= np.sqrt(np.mean((features @ weights - y) ** 2)) <= highest
