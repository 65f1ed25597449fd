import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import DilatedConv1D, DilatedConv2D

RNG = np.random.default_rng(0)


def convolve(image, kernel, strides, rates, padding):
    """The definition, one element of the kernel at a time, with TensorFlow's "same"."""
    windows = [(k - 1) * d + 1 for k, d in zip(kernel.shape, rates, strict=False)]
    starts, places = [], []
    for size, window, stride in zip(image.shape[1:], windows, strides, strict=False):
        count = -(-size // stride) if padding != "valid" else (size - window) // stride + 1
        zeros = max((count - 1) * stride + window - size, 0) // 2 if padding == "same" else 0
        starts.append(window - 1 if padding == "causal" else zeros)
        places.append(count)
    output = np.zeros((len(image), *places, kernel.shape[-1]))
    for place in np.ndindex(*places):
        for tap in np.ndindex(kernel.shape[:-2]):
            at = [
                i * s + k * d - before
                for i, s, k, d, before in zip(place, strides, tap, rates, starts, strict=True)
            ]
            if all(0 <= p < n for p, n in zip(at, image.shape[1:], strict=False)):
                output[(slice(None), *place)] += image[(slice(None), *at)] @ kernel[tap]
    return output


def build(layer, shape):
    layer.build(shape)
    layer.set_weights([RNG.normal(size=weight.shape) for weight in layer.weights])
    return layer


STRIDES_AND_RATES = [
    ((2, 2), (2, 2)),
    ((2, 4), (4, 2)),
    ((3, 2), (2, 3)),
    ((6, 4), (4, 6)),
    ((2, 1), (1, 2)),
    ((1, 3), (3, 3)),
    ((1, 1), (2, 3)),
    ((3, 2), (1, 1)),
]


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("strides", "rates"), STRIDES_AND_RATES)
def test_it_equals_the_definition(strides, rates, padding):
    for kernel_size, sides in itertools.product([(3, 3), (2, 1), (1, 4)], [(13, 20), (18, 19)]):
        options = {"strides": strides, "dilation_rate": rates, "padding": padding}
        layer = build(DilatedConv2D(2, kernel_size, **options), (None, *sides, 3))
        image = RNG.normal(size=(2, *sides, 3))
        kernel, bias = layer.get_weights()
        expected = convolve(image, kernel, strides, rates, padding) + bias
        assert layer.compute_output_shape(image.shape) == expected.shape
        np.testing.assert_allclose(layer(image), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
@pytest.mark.parametrize(("stride", "rate"), [(1, 3), (2, 1), (2, 2), (2, 4), (4, 2), (2, 3)])
def test_a_sequence_is_convolved_by_the_definition(stride, rate, padding):
    layer = DilatedConv1D(2, 3, strides=stride, dilation_rate=rate, padding=padding)
    build(layer, (None, None if padding == "causal" else 14, 3))
    steps = RNG.normal(size=(2, 14, 3))
    kernel, bias = layer.get_weights()
    expected = convolve(steps, kernel, (stride,), (rate,), padding) + bias
    assert layer.compute_output_shape(steps.shape) == expected.shape
    np.testing.assert_allclose(layer(steps), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("strides", "rates"), STRIDES_AND_RATES)
def test_the_gradients_are_the_slopes(strides, rates, padding):
    options = {"strides": strides, "dilation_rate": rates, "padding": padding}
    layer = build(DilatedConv2D(1, 2, dtype="float64", **options), (None, 8, 9, 1))
    image = RNG.normal(size=(1, 8, 9, 1))
    with tf.GradientTape() as tape:
        tape.watch(variable := tf.constant(image))
        output = layer(variable)
        weights = RNG.normal(size=output.shape)
        total = tf.reduce_sum(output * weights)
    gradients = tape.gradient(total, [variable, *(v.value for v in layer.trainable_variables)])
    kernel, _ = layer.get_weights()
    # The layer is linear in the image and in the kernel: the response to a one is the slope.
    ones = np.eye(image.size).reshape(-1, *image.shape)
    slope = [np.sum(weights * convolve(one, kernel, strides, rates, padding)) for one in ones]
    np.testing.assert_allclose(np.ravel(gradients[0]), slope, atol=1e-9)
    ones = np.eye(kernel.size).reshape(-1, *kernel.shape)
    slope = [np.sum(weights * convolve(image, one, strides, rates, padding)) for one in ones]
    np.testing.assert_allclose(np.ravel(gradients[1]), slope, atol=1e-9)
    np.testing.assert_allclose(gradients[2], [weights.sum()])


@pytest.mark.parametrize("options", [{"strides": 2}, {"dilation_rate": 3}, {"groups": 2}], ids=str)
def test_without_one_of_both_it_is_the_layer_of_keras(options):
    options = {**options, "padding": "same", "activation": "relu"}
    ours, theirs = DilatedConv2D(4, 3, **options), keras.layers.Conv2D(4, 3, **options)
    image = RNG.normal(size=(2, 9, 8, 4)).astype("float32")
    theirs(image)
    build(ours, image.shape)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_array_equal(ours(image), theirs(image))


@pytest.mark.parametrize(("strides", "rate"), [(2, 2), (2, 4), (2, 3)])
def test_other_arguments_go_to_the_convolution(strides, rate):
    options = {"groups": 2, "activation": "relu", "use_bias": False}
    layer = DilatedConv2D(4, 3, strides=strides, dilation_rate=rate, padding="same", **options)
    image = RNG.normal(size=(2, 11, 12, 6))
    (kernel,) = build(layer, image.shape).get_weights()
    assert kernel.shape == (3, 3, 3, 4)
    halves = [
        convolve(image[..., half], kernel[..., out], (strides,) * 2, (rate,) * 2, "same")
        for half, out in ((slice(0, 3), slice(0, 2)), (slice(3, 6), slice(2, 4)))
    ]
    expected = np.maximum(np.concatenate(halves, -1), 0)
    np.testing.assert_allclose(layer(image), expected, rtol=1e-4, atol=1e-5)


def test_an_output_sees_a_window_of_the_dilated_size():
    layer = DilatedConv2D(1, 3, strides=2, dilation_rate=4)
    with tf.GradientTape() as tape:
        tape.watch(image := tf.ones((1, 21, 21, 1)))
        output = layer(image)[0, 3, 4, 0]
    rows, columns = np.nonzero(tape.gradient(output, image)[0, ..., 0])
    assert (sorted(set(rows)), sorted(set(columns))) == ([6, 10, 14], [8, 12, 16])


def test_no_causal_output_depends_on_later_steps():
    layer = DilatedConv1D(2, 3, strides=2, dilation_rate=2, padding="causal")
    steps = RNG.normal(size=(1, 12, 1))
    later = steps.copy()
    later[:, 7:] += 1.0
    before, after = np.array(layer(steps)), np.array(layer(later))
    # Output 3 lies at step 6, the last one that was left alone.
    np.testing.assert_array_equal(before[:, :4], after[:, :4])
    assert np.abs(before[:, 4:] - after[:, 4:]).min() > 0


def test_one_layer_takes_images_of_different_sides():
    layer = build(DilatedConv2D(2, 3, strides=2, dilation_rate=2, padding="same"), (None, 9, 9, 1))
    kernel, bias = layer.get_weights()
    for sides in ((9, 9), (8, 8), (7, 10)):
        image = RNG.normal(size=(1, *sides, 1))
        expected = convolve(image, kernel, (2, 2), (2, 2), "same") + bias
        np.testing.assert_allclose(layer(image), expected, rtol=1e-4, atol=1e-5)


def test_valid_padding_needs_no_sides():
    inputs = keras.Input((None, None, 1))
    layer = DilatedConv2D(2, 3, strides=2, dilation_rate=2)
    model = keras.Model(inputs, layer(inputs))
    assert model.output_shape == (None, None, None, 2)
    image = RNG.normal(size=(1, 12, 13, 1)).astype("float32")
    kernel, bias = layer.get_weights()
    expected = convolve(image, kernel, (2, 2), (2, 2), "valid") + bias
    np.testing.assert_allclose(model(image), expected, rtol=1e-4, atol=1e-5)


def test_same_padding_with_both_needs_the_sides():
    layer = DilatedConv2D(2, 3, strides=2, dilation_rate=2, padding="same")
    with pytest.raises(ValueError, match="Received: size=None"):
        layer(keras.Input((None, 8, 1)))


def test_the_first_axis_may_hold_the_channels():
    options = {"strides": 2, "dilation_rate": 2, "padding": "same"}
    last = build(DilatedConv2D(4, 3, **options), (None, 9, 11, 3))
    first = build(DilatedConv2D(4, 3, data_format="channels_first", **options), (None, 3, 9, 11))
    first.set_weights(last.get_weights())
    image = RNG.normal(size=(2, 9, 11, 3)).astype("float32")
    # Convolutions of this format run on CPUs if XLA compiles them.
    output = tf.function(first, jit_compile=True)(image.transpose(0, 3, 1, 2))
    assert output.shape == first.compute_output_shape((2, 3, 9, 11))
    np.testing.assert_allclose(
        np.transpose(output, (0, 2, 3, 1)), last(image), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(("strides", "rate"), [(2, 2), (2, 3), (1, 2)])
def test_it_opens_up_to_a_convolution_that_shares_its_weights(strides, rate):
    layer = DilatedConv2D(2, 3, strides=strides, dilation_rate=rate, padding="same")
    build(layer, (None, 9, 9, 1))
    image = keras.Input((9, 9, 1))
    flat = keras.Model(image, layer.call(image))
    assert [type(inner) for inner in flat.layers if inner.weights] == [keras.layers.Conv2D]
    assert len(flat.weights) == len(layer.weights)
    values = RNG.normal(size=(2, 9, 9, 1)).astype("float32")
    np.testing.assert_array_equal(flat(values), layer(values))


@pytest.mark.parametrize("sides", [(4, 9), (9, 4)])
def test_a_kernel_that_spans_more_than_the_image_is_refused(sides):
    layer = DilatedConv2D(2, 3, strides=2, dilation_rate=2)
    with pytest.raises(ValueError, match=r"spans 5 pixels.*Received: input_shape=\(None, "):
        layer.build((None, *sides, 1))
