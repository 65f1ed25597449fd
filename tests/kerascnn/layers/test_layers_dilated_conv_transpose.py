import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import (
    DilatedConv1D,
    DilatedConv1DTranspose,
    DilatedConv2D,
    DilatedConv2DTranspose,
)

RNG = np.random.default_rng(0)
STRIDES_AND_RATES = [
    ((1, 1), (2, 3)),
    ((2, 2), (2, 2)),
    ((2, 3), (4, 6)),
    ((4, 6), (2, 3)),
    ((2, 2), (3, 5)),
    ((3, 3), (2, 2)),
    ((4, 6), (6, 4)),
    ((1, 2), (3, 1)),
    ((2, 1), (1, 2)),
]


def side(size, kernel, stride, rate, padding, extra):
    """Keras's rule."""
    window = (kernel - 1) * rate + 1
    if padding == "valid":
        return (size - 1) * stride + (max(window, stride) if extra is None else window + extra)
    return size * stride if extra is None else (size - 1) * stride + window % 2 + extra


def scatter(image, kernel, strides, rates, padding, extra):
    """The definition, one input pixel and one element of the kernel at a time."""
    sizes, taps = image.shape[1:-1], kernel.shape[:-2]
    geometry = list(zip(sizes, taps, strides, rates, extra, strict=True))
    sides = [side(n, k, s, d, padding, e) for n, k, s, d, e in geometry]
    everything = [(n - 1) * s + (k - 1) * d + 1 for n, k, s, d, _ in geometry]
    before = [
        max(a - b, 0) // 2 * (padding == "same") for a, b in zip(everything, sides, strict=True)
    ]
    output = np.zeros((len(image), *sides, kernel.shape[-2]))
    for place in np.ndindex(*sizes):
        for tap in np.ndindex(*taps):
            axes = zip(place, strides, tap, rates, before, strict=True)
            at = [i * s + k * d - b for i, s, k, d, b in axes]
            if all(0 <= p < n for p, n in zip(at, sides, strict=True)):
                output[(slice(None), *at)] += image[(slice(None), *place)] @ kernel[tap].T
    return output


def build(layer, shape):
    layer.build(shape)
    layer.set_weights([RNG.normal(size=weight.shape) for weight in layer.weights])
    return layer


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("strides", "rates"), STRIDES_AND_RATES)
def test_it_equals_the_definition(strides, rates, padding):
    largest = tuple(stride - 1 for stride in strides)
    for kernel_size, extra in itertools.product([(3, 3), (2, 5)], [None, largest]):
        options = {"strides": strides, "padding": padding, "dilation_rate": rates}
        layer = DilatedConv2DTranspose(2, kernel_size, output_padding=extra, **options)
        image = RNG.normal(size=(2, 5, 4, 3))
        kernel, bias = build(layer, image.shape).get_weights()
        expected = scatter(image, kernel, strides, rates, padding, extra or (None, None)) + bias
        assert tuple(layer.compute_output_shape(image.shape)) == expected.shape
        np.testing.assert_allclose(layer(image), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("extra", [None, 0])
@pytest.mark.parametrize(("stride", "rate"), [(1, 2), (2, 2), (2, 4), (4, 2), (2, 3), (3, 2)])
def test_a_sequence_is_spread_by_the_definition(stride, rate, extra, padding):
    options = {"strides": stride, "padding": padding, "dilation_rate": rate}
    layer = DilatedConv1DTranspose(2, 3, output_padding=extra, **options)
    steps = RNG.normal(size=(2, 7, 3))
    kernel, bias = build(layer, steps.shape).get_weights()
    expected = scatter(steps, kernel, (stride,), (rate,), padding, (extra,)) + bias
    np.testing.assert_allclose(layer(steps), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("strides", "rates"), STRIDES_AND_RATES)
def test_the_gradients_are_the_slopes(strides, rates, padding):
    options = {"strides": strides, "padding": padding, "dilation_rate": rates}
    layer = build(DilatedConv2DTranspose(1, 2, dtype="float64", **options), (None, 4, 3, 1))
    image = RNG.normal(size=(1, 4, 3, 1))
    with tf.GradientTape() as tape:
        tape.watch(variable := tf.constant(image))
        output = layer(variable)
        weights = RNG.normal(size=output.shape)
        total = tf.reduce_sum(output * weights)
    gradients = tape.gradient(total, [variable, *(v.value for v in layer.trainable_variables)])
    kernel, _ = layer.get_weights()

    def respond(image, kernel):
        return np.sum(weights * scatter(image, kernel, strides, rates, padding, (None, None)))

    # The layer is linear in the image and in the kernel: the response to a one is the slope.
    ones = np.eye(image.size).reshape(-1, *image.shape)
    slope = [respond(one, kernel) for one in ones]
    np.testing.assert_allclose(np.ravel(gradients[0]), slope, atol=1e-9)
    ones = np.eye(kernel.size).reshape(-1, *kernel.shape)
    slope = [respond(image, one) for one in ones]
    np.testing.assert_allclose(np.ravel(gradients[1]), slope, atol=1e-9)
    np.testing.assert_allclose(gradients[2], [weights.sum()])


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (3, 2), (4, 1)])
@pytest.mark.parametrize("extra", [None, 0, "largest"])
@pytest.mark.parametrize("kernel_size", [(3, 3), (5, 1)])
def test_without_dilation_it_is_the_layer_of_keras(strides, padding, extra, kernel_size):
    if extra == "largest":
        extra = tuple(stride - 1 for stride in strides)
    options = {"strides": strides, "padding": padding, "output_padding": extra}
    ours = DilatedConv2DTranspose(2, kernel_size, activation="relu", **options)
    theirs = keras.layers.Conv2DTranspose(2, kernel_size, activation="relu", **options)
    image = RNG.normal(size=(2, 5, 4, 3)).astype("float32")
    theirs(image)
    build(ours, image.shape)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_array_equal(ours(image), theirs(image))
    assert ours.compute_output_shape(image.shape) == theirs.compute_output_shape(image.shape)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("strides", "rates"), STRIDES_AND_RATES)
def test_it_is_the_layer_of_keras_with_zeros_in_the_kernel(strides, rates, padding):
    options = {"strides": strides, "padding": padding, "activation": "relu"}
    ours = DilatedConv2DTranspose(2, 3, dilation_rate=rates, **options)
    image = RNG.normal(size=(2, 5, 4, 3)).astype("float32")
    kernel, bias = build(ours, image.shape).get_weights()
    wide = np.zeros((2 * rates[0] + 1, 2 * rates[1] + 1, 2, 3))
    wide[:: rates[0], :: rates[1]] = kernel
    theirs = keras.layers.Conv2DTranspose(2, wide.shape[:2], **options)
    theirs.build(image.shape)
    theirs.set_weights([wide, bias])
    np.testing.assert_allclose(ours(image), theirs(image), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("strides", "rates"), STRIDES_AND_RATES)
def test_it_is_the_adjoint_of_the_dilated_convolution(strides, rates, padding):
    options = {"strides": strides, "padding": padding, "dilation_rate": rates}
    forth = DilatedConv2D(2, 3, use_bias=False, **options)
    back = DilatedConv2DTranspose(3, 3, use_bias=False, **options)
    # The sides that the transposed convolution gives for 4 and 3 pixels.
    sides = [
        side(n, 3, s, d, padding, None) for n, s, d in zip((4, 3), strides, rates, strict=True)
    ]
    image, features = RNG.normal(size=(1, *sides, 3)), RNG.normal(size=(1, 4, 3, 2))
    forth.build(image.shape)
    back.build(features.shape)
    back.set_weights(forth.get_weights())
    there, returned = forth(image), back(features)
    assert (there.shape, returned.shape) == (features.shape, image.shape)
    np.testing.assert_allclose(np.sum(there * features), np.sum(image * returned), rtol=1e-3)


def test_a_sequence_has_an_adjoint_too():
    options = {"strides": 2, "padding": "same", "dilation_rate": 4, "use_bias": False}
    forth, back = DilatedConv1D(2, 3, **options), DilatedConv1DTranspose(3, 3, **options)
    steps, features = RNG.normal(size=(1, 12, 3)), RNG.normal(size=(1, 6, 2))
    forth.build(steps.shape)
    back.build(features.shape)
    back.set_weights(forth.get_weights())
    inner = np.sum(forth(steps) * features)
    np.testing.assert_allclose(inner, np.sum(steps * back(features)), rtol=1e-3)


@pytest.mark.parametrize(("strides", "rate"), [(1, 2), (2, 2), (4, 2), (2, 3), (3, 2)])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_no_side_needs_to_be_known(strides, rate, padding):
    layer = DilatedConv2DTranspose(2, 3, strides=strides, padding=padding, dilation_rate=rate)
    inputs = keras.Input((None, None, 1))
    model = keras.Model(inputs, layer(inputs))
    assert model.output_shape == (None, None, None, 2)
    run = tf.function(model, input_signature=[tf.TensorSpec((None, None, None, 1))])
    image = RNG.normal(size=(2, 4, 5, 1)).astype("float32")
    np.testing.assert_allclose(run(image), layer(image), rtol=1e-5, atol=1e-6)


def test_the_first_axis_may_hold_the_channels():
    options = {"strides": 2, "dilation_rate": 2, "padding": "same", "activation": "relu"}
    last = build(DilatedConv2DTranspose(4, 3, **options), (None, 5, 4, 3))
    first = DilatedConv2DTranspose(4, 3, data_format="channels_first", **options)
    build(first, (None, 3, 5, 4)).set_weights(last.get_weights())
    image = RNG.normal(size=(2, 5, 4, 3)).astype("float32")
    output = first(image.transpose(0, 3, 1, 2))
    assert tuple(output.shape) == tuple(first.compute_output_shape((2, 3, 5, 4)))
    np.testing.assert_allclose(np.transpose(output, (0, 2, 3, 1)), last(image), rtol=1e-5)


def test_an_input_reaches_a_window_of_the_dilated_size():
    layer = DilatedConv2DTranspose(1, 3, strides=2, dilation_rate=4, kernel_initializer="ones")
    image = np.zeros((1, 5, 5, 1), "float32")
    image[0, 2, 3] = 1.0
    rows, columns = np.nonzero(layer(image)[0, ..., 0])
    assert (sorted(set(rows)), sorted(set(columns))) == ([4, 8, 12], [6, 10, 14])
