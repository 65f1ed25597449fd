import keras
import numpy as np
import pytest

from kerascnn.layers import Residual

RNG = np.random.default_rng(0)
FORMS = {
    "identity": ({"filters": 3}, 3),
    "projection": ({"filters": 4, "strides": 2, "shortcut": "projection"}, 3),
    "zero_padding": ({"filters": 5, "strides": 2, "shortcut": "zero_padding"}, 3),
    "bottleneck": ({"filters": 2, "bottleneck": True}, 8),
    "bottleneck_projection": (
        {"filters": 2, "strides": 2, "bottleneck": True, "shortcut": "projection"},
        3,
    ),
    "bias": ({"filters": 3, "use_bias": True, "epsilon": 0.1, "activation": "tanh"}, 3),
}


@pytest.fixture(params=FORMS)
def form(request):
    options, channels = FORMS[request.param]
    return options, (2, 7, 6, channels)


def trained(options, shape):
    """A unit whose weights and statistics are all different and far from their start."""
    layer = Residual(**options)
    layer.build(shape)
    layer.set_weights([RNG.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    return layer


def convolve(image, layer, stride=1):
    kernel, *bias = layer.get_weights()
    size = kernel.shape[0]
    batch, height, width, _ = image.shape
    rows, columns = -(-height // stride), -(-width // stride)
    output = np.zeros((batch, rows, columns, kernel.shape[-1]))
    top = max((rows - 1) * stride + size - height, 0) // 2
    left = max((columns - 1) * stride + size - width, 0) // 2
    for i in range(rows):
        for j in range(columns):
            for a in range(size):
                for b in range(size):
                    y, x = i * stride + a - top, j * stride + b - left
                    if 0 <= y < height and 0 <= x < width:
                        output[:, i, j] += image[:, y, x] @ kernel[a, b]
    return output + (bias[0] if bias else 0.0)


def normalize(image, layer, epsilon):
    gamma, beta, mean, variance = layer.get_weights()
    return gamma * (image - mean) / np.sqrt(variance + epsilon) + beta


def residual(image, layer):
    act = np.tanh if layer.activation is keras.activations.tanh else lambda x: np.maximum(x, 0)
    x = image
    for index, convolution in enumerate(layer.convolutions):
        x = convolve(x, convolution, 1 if index else layer.strides)
        x = normalize(x, layer.normalizations[index], layer.epsilon)
        if index < len(layer.convolutions) - 1:
            x = act(x)
    shortcut = image
    if layer.shortcut == "projection":
        shortcut = convolve(image, layer.projection, layer.strides)
        shortcut = normalize(shortcut, layer.projection_normalization, layer.epsilon)
    if layer.shortcut == "zero_padding":
        shortcut = np.zeros_like(x)
        shortcut[..., : image.shape[-1]] = image[:, :: layer.strides, :: layer.strides]
    return act(shortcut + x)


def test_it_equals_the_definition(form):
    layer = trained(*form)
    image = RNG.normal(size=form[1]).astype("float32")
    output = layer(image, training=False)
    assert output.shape == layer.compute_output_shape(form[1])
    np.testing.assert_allclose(output, residual(image.astype("float64"), layer), rtol=1e-4)


def test_without_a_residual_it_is_the_activated_input():
    layer = trained({"filters": 3}, (2, 4, 4, 3))
    for weight in (layer.normalizations[-1].gamma, layer.normalizations[-1].beta):
        weight.assign(np.zeros(3))
    image = RNG.normal(size=(2, 4, 4, 3)).astype("float32")
    np.testing.assert_array_equal(layer(image, training=False), np.maximum(image, 0))


def test_strided_zero_padding_is_the_strided_input_with_empty_channels():
    layer = trained({"filters": 5, "strides": 2, "shortcut": "zero_padding"}, (1, 5, 5, 3))
    for weight in (layer.normalizations[-1].gamma, layer.normalizations[-1].beta):
        weight.assign(np.zeros(5))
    image = RNG.uniform(size=(1, 5, 5, 3)).astype("float32")
    expected = np.concatenate([image[:, ::2, ::2], np.zeros((1, 3, 3, 2))], -1)
    np.testing.assert_array_equal(layer(image, training=False), expected)


def test_training_moves_the_statistics_by_the_momentum():
    layer = Residual(3, momentum=0.75)
    image = RNG.normal(size=(2, 4, 4, 3)).astype("float32")
    layer(image, training=True)
    first = convolve(image, layer.convolutions[0]).mean((0, 1, 2))
    np.testing.assert_allclose(layer.normalizations[0].moving_mean, 0.25 * first, rtol=1e-4)


def test_convolutions_of_one_shape_start_differently():
    layer = Residual(3)
    layer.build((None, 4, 4, 3))
    first, second = (convolution.get_weights()[0] for convolution in layer.convolutions)
    assert np.abs(first - second).max() > 0.1


def test_it_opens_up_to_keras_layers_that_share_its_weights(form):
    layer = trained(*form)
    image = keras.Input(form[1][1:])
    flat = keras.Model(image, layer.call(image))
    assert Residual not in {type(inner) for inner in flat.layers}
    assert len(flat.weights) == len(layer.weights)
    values = RNG.normal(size=form[1]).astype("float32")
    np.testing.assert_array_equal(flat(values), layer(values))


def test_it_is_the_same_when_loaded(form, tmp_path):
    image = keras.Input(form[1][1:])
    layer = trained(*form)
    model = keras.Model(image, layer(image))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    values = RNG.normal(size=form[1]).astype("float32")
    np.testing.assert_array_equal(loaded(values), model(values))


def test_every_argument_survives_its_configuration():
    arguments = {
        "filters": 3,
        "strides": 2,
        "bottleneck": True,
        "shortcut": "projection",
        "activation": "tanh",
        "use_bias": True,
        "momentum": 0.5,
        "epsilon": 0.1,
        "name": "unit",
    }
    config = Residual.from_config(Residual(**arguments).get_config()).get_config()
    assert {name: config[name] for name in arguments} == arguments


def test_mixed_precision_computes_in_half_and_keeps_the_weights(form):
    options, shape = form
    half = Residual(**options, dtype="mixed_float16")
    image = RNG.normal(size=shape).astype("float32")
    output = half(image, training=True)
    assert keras.backend.standardize_dtype(output.dtype) == "float16"
    assert {weight.dtype for weight in half.weights} == {"float32"}
    full = Residual(**options)
    full.build(shape)
    full.set_weights(half.get_weights())
    np.testing.assert_allclose(
        half(image, training=False), full(image, training=False), atol=0.05, rtol=0.05
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": 0}, "filters=0"),
        ({"filters": 1, "strides": 0}, "strides=0"),
        ({"filters": 1, "shortcut": "none"}, "shortcut='none'"),
        ({"filters": 1, "strides": 2}, "strides=2"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=rf"Received: .*{message}"):
        Residual(**options)


@pytest.mark.parametrize(
    "options", [{"filters": 4}, {"filters": 2, "shortcut": "zero_padding"}], ids=str
)
def test_channels_that_the_shortcut_cannot_give_are_refused(options):
    with pytest.raises(ValueError, match=r"Received: input_shape=\(None, 8, 8, 3\)"):
        Residual(**options).build((None, 8, 8, 3))
