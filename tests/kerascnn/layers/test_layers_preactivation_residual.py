import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import PreActivationResidual

RNG = np.random.default_rng(0)
FORMS = {
    "identity": ({"filters": 3}, 3),
    "projection": ({"filters": 4, "strides": 2, "shortcut": "projection"}, 3),
    "zero_padding": ({"filters": 5, "strides": 2, "shortcut": "zero_padding"}, 3),
    "bottleneck": ({"filters": 2, "bottleneck": True}, 8),
    "bottleneck_strided": (
        {"filters": 2, "strides": 2, "bottleneck": True, "shortcut": "zero_padding"},
        8,
    ),
    "bottleneck_bias": (
        {"filters": 2, "strides": 3, "bottleneck": True, "shortcut": "projection"}
        | {"use_bias": True, "epsilon": 0.1, "activation": "tanh"},
        3,
    ),
}


@pytest.fixture(params=FORMS)
def form(request):
    options, channels = FORMS[request.param]
    return options, (2, 7, 6, channels)


def trained(options, shape):
    """A unit whose weights and statistics are all different and far from their start."""
    layer = PreActivationResidual(**options)
    layer.build(shape)
    layer.set_weights([RNG.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    return layer


def convolve(image, weights, stride):
    """Odd kernels, with (size - 1) / 2 zeros on every side."""
    kernel, *bias = weights
    size = kernel.shape[0]
    batch, height, width, _ = image.shape
    output = np.zeros((batch, -(-height // stride), -(-width // stride), kernel.shape[-1]))
    for i in range(output.shape[1]):
        for j in range(output.shape[2]):
            for a in range(size):
                for b in range(size):
                    y, x = i * stride + a - size // 2, j * stride + b - size // 2
                    if 0 <= y < height and 0 <= x < width:
                        output[:, i, j] += image[:, y, x] @ kernel[a, b]
    return output + (bias[0] if bias else 0.0)


def activated(image, layer, place):
    gamma, beta, mean, variance = layer.normalizations[place].get_weights()
    image = gamma * (image - mean) / np.sqrt(variance + layer.epsilon) + beta
    return np.tanh(image) if layer.activation is keras.activations.tanh else np.maximum(image, 0)


def residual(image, layer):
    strides = [1, layer.strides, 1] if layer.bottleneck else [layer.strides, 1]
    x = image
    for place, stride in enumerate(strides):
        x = activated(x, layer, place)
        x = convolve(x, layer.convolutions[place].get_weights(), stride)
    if layer.shortcut == "projection":
        first = activated(image, layer, 0)
        return x + convolve(first, layer.projection.get_weights(), layer.strides)
    x[..., : image.shape[-1]] += image[:, :: layer.strides, :: layer.strides]
    return x


def test_it_equals_the_definition(form):
    layer = trained(*form)
    image = RNG.normal(size=form[1]).astype("float32")
    output = layer(image, training=False)
    assert output.shape == layer.compute_output_shape(form[1])
    np.testing.assert_allclose(output, residual(image.astype("float64"), layer), rtol=1e-4)


def test_its_gradient_is_the_slope(form):
    layer = trained(form[0] | {"activation": "tanh"}, form[1])
    image, direction = RNG.normal(size=(2, *form[1]))
    with tf.GradientTape() as tape:
        tape.watch(x := tf.constant(image, "float32"))
        total = tf.reduce_sum(layer(x, training=False) ** 2)
    steps = [np.sum(residual(image + step * direction, layer) ** 2) for step in (1e-5, -1e-5)]
    slope = np.sum(tape.gradient(total, x).numpy() * direction)
    np.testing.assert_allclose(slope, (steps[0] - steps[1]) / 2e-5, rtol=1e-3)


@pytest.mark.parametrize("bottleneck", [False, True])
def test_it_is_the_identity_where_the_last_kernel_is_zero(bottleneck):
    layer = trained({"filters": 2, "bottleneck": bottleneck}, (2, 4, 4, 8 if bottleneck else 2))
    last = layer.convolutions[-1].kernel
    last.assign(np.zeros(last.shape))
    image = RNG.normal(size=(2, 4, 4, 8 if bottleneck else 2)).astype("float32")
    np.testing.assert_array_equal(layer(image, training=True), image)


@pytest.mark.parametrize(
    ("options", "channels", "expected"),
    [({"filters": 16}, 16, 18 * 16**2 + 4 * 16), ({"filters": 16, "bottleneck": True}, 64, None)],
)
def test_it_has_the_parameters_of_the_paper(options, channels, expected):
    layer = PreActivationResidual(**options)
    layer.build((None, 8, 8, channels))
    count = sum(np.prod(weight.shape) for weight in layer.trainable_weights)
    # 1x1 from 4C, 3x3, 1x1 to 4C; batch normalisation of 4C, C and C channels
    assert count == (expected or 17 * 16**2 + 12 * 16)


def resnet50v2(shape):
    """Keras's network: the last unit of a stage takes the strides, the first one a projection."""
    x = image = keras.Input(shape)
    x = keras.layers.ZeroPadding2D(3, name="conv1_pad")(x)
    x = keras.layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
    x = keras.layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = keras.layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    own = {"bottleneck": True, "use_bias": True, "epsilon": 1.001e-5}
    for stage, count in enumerate((3, 4, 6, 3)):
        for block in range(count):
            last = block == count - 1
            shortcut = "zero_padding" if last else "identity" if block else "projection"
            x = PreActivationResidual(
                64 * 2**stage,
                strides=2 if last and stage < 3 else 1,
                shortcut=shortcut,
                name=f"conv{stage + 2}_block{block + 1}",
                **own,
            )(x)
    x = keras.layers.BatchNormalization(epsilon=1.001e-5, name="post_bn")(x)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(x))
    x = keras.layers.Dense(1000, activation="softmax", name="predictions")(x)
    return keras.Model(image, x)


def keras_names(layer):
    if not isinstance(layer, PreActivationResidual):
        return {layer.name: layer} if layer.weights else {}
    names = {f"{layer.name}_{i}_conv": part for i, part in enumerate(layer.convolutions, 1)}
    names |= {f"{layer.name}_{i}_bn": part for i, part in enumerate(layer.normalizations)}
    names[f"{layer.name}_preact_bn"] = names.pop(f"{layer.name}_0_bn")
    if layer.shortcut == "projection":
        names[f"{layer.name}_0_conv"] = layer.projection
    return names


def test_its_network_is_that_of_keras_applications():
    shape = (64, 64, 3)
    theirs = keras.applications.ResNet50V2(weights=None, input_shape=shape)
    ours = resnet50v2(shape)
    for layer in ours.layers:
        for name, part in keras_names(layer).items():
            part.set_weights(theirs.get_layer(name).get_weights())
    assert ours.count_params() == theirs.count_params() == 25_613_800
    image = RNG.normal(size=(2, *shape)).astype("float32")
    # What enters the classifier; a random one gives nearly the same probabilities for anything.
    ours, theirs = (keras.Model(each.input, each.layers[-2].output) for each in (ours, theirs))
    np.testing.assert_allclose(ours(image), theirs(image), rtol=1e-3, atol=1e-5)


def test_it_opens_up_to_keras_layers_that_share_its_weights(form):
    layer = trained(*form)
    image = keras.Input(form[1][1:])
    flat = keras.Model(image, layer.call(image))
    assert PreActivationResidual not in {type(inner) for inner in flat.layers}
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


@pytest.mark.parametrize(
    "options", [{"filters": 4}, {"filters": 2, "shortcut": "zero_padding"}], ids=str
)
def test_channels_that_the_shortcut_cannot_give_are_refused(options):
    with pytest.raises(ValueError, match=r"Received: input_shape=\(None, 8, 8, 3\)"):
        PreActivationResidual(**options).build((None, 8, 8, 3))
