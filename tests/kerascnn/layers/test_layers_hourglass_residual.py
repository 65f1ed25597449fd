import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import HourglassResidual

RNG = np.random.default_rng(0)
FORMS = {
    "identity": ({"filters": 4}, 4),
    "projection": ({"filters": 6, "epsilon": 0.1}, 3),
    "pooled": ({"filters": 4, "pooled": True}, 4),
    "pooled_projection": ({"filters": 2, "pooled": True}, 3),
}


@pytest.fixture(params=FORMS)
def form(request):
    options, channels = FORMS[request.param]
    return options, (2, 6, 4, channels)


def trained(options, shape):
    """A unit whose weights and statistics are all different and far from their start."""
    layer = HourglassResidual(**options)
    layer.build(shape)
    layer.set_weights([RNG.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    return layer


def convolve(image, layer):
    """One tap of an odd kernel at a time, with zeros around the image."""
    kernel, *bias = layer.get_weights()
    half = len(kernel) // 2
    padded = np.pad(image, ((0, 0), (half, half), (half, half), (0, 0)))
    height, width = image.shape[1:3]
    output = sum(
        padded[:, y : y + height, x : x + width] @ kernel[y, x]
        for y, x in np.ndindex(*kernel.shape[:2])
    )
    return output + sum(bias)


def activated(image, layer, epsilon):
    gamma, beta, mean, variance = layer.get_weights()
    return np.maximum(gamma * (image - mean) / np.sqrt(variance + epsilon) + beta, 0)


def unit(image, layer):
    named = {step.name: step for step in (*layer.narrow, *layer.wide)}

    def step(x, name):
        return activated(x, named[name], layer.epsilon)

    total = convolve(image, layer.projection) if layer.projection else image
    x = image
    for place in (1, 2, 3):
        x = convolve(step(x, f"narrow_bn{place}"), named[f"narrow_conv{place}"])
    total = total + x
    if layer.pooled:
        x = step(image, "wide_bn1")
        corners = [x[:, row::2, column::2] for row in (0, 1) for column in (0, 1)]
        x = convolve(np.max(corners, axis=0), named["wide_conv1"])
        x = convolve(step(x, "wide_bn2"), named["wide_conv2"])
        total = total + x.repeat(2, axis=1).repeat(2, axis=2)
    return total


def test_it_equals_the_definition(form):
    layer = trained(*form)
    image = RNG.normal(size=form[1]).astype("float32")
    output = layer(image, training=False)
    assert output.shape == layer.compute_output_shape(form[1])
    np.testing.assert_allclose(output, unit(image.astype("float64"), layer), rtol=1e-4)


def test_its_gradient_is_the_slope(form):
    layer = trained(*form)
    image, direction = RNG.normal(size=(2, *form[1]))
    with tf.GradientTape() as tape:
        tape.watch(x := tf.constant(image, "float32"))
        total = tf.reduce_sum(layer(x, training=False) ** 2)
    high, low = (np.sum(unit(image + s * direction, layer) ** 2) for s in (1e-7, -1e-7))
    slope = np.sum(tape.gradient(total, x).numpy() * direction)
    np.testing.assert_allclose(slope, (high - low) / 2e-7, rtol=2e-3)


@pytest.mark.parametrize("pooled", [False, True])
def test_it_is_the_identity_where_the_last_kernels_are_zero(pooled):
    layer = trained({"filters": 4, "pooled": pooled}, (2, 4, 4, 4))
    for last in [layer.narrow[-1], *layer.wide[-2:-1]]:
        last.set_weights([0 * weight for weight in last.get_weights()])
    image = RNG.normal(size=(2, 4, 4, 4)).astype("float32")
    np.testing.assert_array_equal(layer(image, training=True), image)


@pytest.mark.parametrize(("pooled", "expected"), [(False, 3), (True, 10)])
def test_the_pooled_branch_sees_from_further_away(pooled, expected):
    layer = trained({"filters": 2, "pooled": pooled}, (1, 16, 16, 2))
    image = tf.Variable(RNG.uniform(2, 3, (1, 16, 16, 2)), dtype="float32")
    with tf.GradientTape() as tape:
        pixel = tf.reduce_sum(layer(image, training=False)[0, 8, 8])
    seen = np.abs(tape.gradient(pixel, image)).sum(axis=(0, 1, 3)) > 0
    columns = np.flatnonzero(seen)
    # two 3x3 windows of halves see 5 of them, and of the outer ones the maximum, anywhere in 2
    assert expected - 2 * pooled <= columns[-1] - columns[0] + 1 <= expected


@pytest.mark.parametrize(("options", "channels"), [({}, 256), ({}, 128), ({"pooled": True}, 256)])
def test_it_has_the_parameters_of_the_paper(options, channels):
    layer = HourglassResidual(256, **options)
    layer.build((None, 64, 64, channels))
    count = channels * 128 + 9 * 128 * 128 + 128 * 256 + 256 + 4 * (channels + 128 + 128)
    if channels != 256:
        count += channels * 256 + 256
    if options:
        count += 2 * 9 * 256 * 256 + 256 + 4 * (256 + 256)
    assert layer.count_params() == count


def test_it_opens_up_to_keras_layers_that_share_its_weights(form):
    layer = trained(*form)
    image = keras.Input(form[1][1:])
    flat = keras.Model(image, layer.call(image))
    assert HourglassResidual not in {type(inner) for inner in flat.layers}
    assert len(flat.weights) == len(layer.weights)
    values = RNG.normal(size=form[1]).astype("float32")
    np.testing.assert_array_equal(flat(values), layer(values))


def test_it_is_the_same_when_loaded(form, tmp_path):
    image = keras.Input(form[1][1:])
    model = keras.Model(image, trained(*form)(image))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    values = RNG.normal(size=form[1]).astype("float32")
    np.testing.assert_array_equal(loaded(values), model(values))


def test_odd_sides_cannot_be_halved():
    with pytest.raises(ValueError, match=r"Received: input_shape=\(None, 6, 5, 4\)"):
        HourglassResidual(4, pooled=True).build((None, 6, 5, 4))
