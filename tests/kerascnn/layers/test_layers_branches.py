import itertools
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn import edge, export
from kerascnn.layers import FactorizedInception, Inception, MixedKernels

RNG = np.random.default_rng(0)
BLOCKS = {
    "a": ((3,), (2, 3), (2, 3, 2), (1,)),
    "a_3x3": ((3,), (2, 3), (2, 3, 2), (1,)),
    "b": ((3,), (2, 2, 3), (2, 1, 2, 1, 3), (1,)),
    "c": ((3,), (2, 1), (2, 3, 1), (1,)),
    "reduction_a": ((3,), (2, 2, 3), ()),
    "reduction_b": ((2, 3), (2, 1, 2, 3), ()),
}


def trained(layer, channels=3):
    """Weights and statistics all different and far from their start."""
    layer.build((None, 8, 7, channels))
    layer.set_weights([RNG.uniform(0.5, 1.5, w.shape) for w in layer.weights])
    return layer


def convolve(image, kernel, bias=0.0, stride=1):
    """Zeros keep the sides, unless there are strides."""
    rows, columns = kernel.shape[:2]
    if stride == 1:
        margins = [(side // 2, side // 2) for side in (rows, columns)]
        image = np.pad(image, [(0, 0), *margins, (0, 0)])
    height, width = image.shape[1] - rows + 1, image.shape[2] - columns + 1
    output = np.zeros((len(image), -(-height // stride), -(-width // stride), kernel.shape[-1]))
    for i in range(output.shape[1]):
        for j in range(output.shape[2]):
            patch = image[:, i * stride : i * stride + rows, j * stride : j * stride + columns]
            output[:, i, j] = np.tensordot(patch, kernel, 3)
    return output + bias


def pool(image, reduce, stride=1):
    """Windows of 3x3; without strides they shrink at the borders."""
    margin = 1 if stride == 1 else 0
    height, width = image.shape[1:3]
    rows = range(0, height, 1) if margin else range(1, height - 1, stride)
    columns = range(0, width, 1) if margin else range(1, width - 1, stride)
    windows = [
        [reduce(image[:, max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2], (1, 2)) for j in columns]
        for i in rows
    ]
    return np.moveaxis(windows, 2, 0)


def conv_bn_relu(image, layer, place, stride=1):
    """The `place`-th convolution in the order of the papers' figures, and what follows it."""
    convolutions = [s for s in layer.steps if isinstance(s, keras.layers.Conv2D)]
    normalizations = [s for s in layer.steps if isinstance(s, keras.layers.BatchNormalization)]
    image = convolve(image, *convolutions[place].get_weights(), stride=stride)
    if normalizations:
        beta, mean, variance = normalizations[place].get_weights()
        image = (image - mean) / np.sqrt(variance + layer.epsilon) + beta
    return np.maximum(image, 0)


def block(x, layer):
    """The six figures, written out."""
    step = [lambda x, i=i, stride=1: conv_bn_relu(x, layer, i, stride) for i in range(10)]
    if layer.block in ("a", "a_3x3"):
        branches = [step[0](x), step[2](step[1](x)), step[5](step[4](step[3](x)))]
        branches.append(step[6](pool(x, np.mean)))
    elif layer.block == "b":
        branches = [step[0](x), step[3](step[2](step[1](x)))]
        branches.append(step[8](step[7](step[6](step[5](step[4](x))))))
        branches.append(step[9](pool(x, np.mean)))
    elif layer.block == "c":
        short, long = step[1](x), step[5](step[4](x))
        branches = [step[0](x), step[2](short), step[3](short), step[6](long), step[7](long)]
        branches.append(step[8](pool(x, np.mean)))
    elif layer.block == "reduction_a":
        branches = [step[0](x, stride=2), step[3](step[2](step[1](x)), stride=2)]
        branches.append(pool(x, np.max, 2))
    else:
        branches = [step[1](step[0](x), stride=2)]
        branches.append(step[5](step[4](step[3](step[2](x))), stride=2))
        branches.append(pool(x, np.max, 2))
    return np.concatenate(branches, -1)


@pytest.mark.parametrize("name", BLOCKS)
def test_a_factorised_block_equals_its_figure(name):
    layer = trained(FactorizedInception(name, filters=BLOCKS[name]))
    image = RNG.normal(size=(2, 8, 7, 3)).astype("float32")
    output = layer(image, training=False)
    assert output.shape == layer.compute_output_shape(image.shape)
    np.testing.assert_allclose(output, block(image.astype("float64"), layer), rtol=1e-4, atol=1e-5)


def test_mixed_kernels_equal_the_survey():
    layer = trained(MixedKernels((2, 3, 4)))
    image = RNG.normal(size=(2, 8, 7, 3)).astype("float32")
    kernels = [s.get_weights() for s in layer.steps if isinstance(s, keras.layers.Conv2D)]
    branches = [convolve(image.astype("float64"), *weights) for weights in kernels]
    expected = np.concatenate([*branches, pool(image, np.max)], -1)
    assert expected.shape[-1] == 2 + 3 + 4 + 3
    np.testing.assert_allclose(layer(image), expected, rtol=1e-5, atol=1e-5)


def test_an_inception_module_equals_its_figure():
    layer = trained(Inception((2, 3, 4), reductions=(2, 1), pool_filters=2))
    x = RNG.normal(size=(2, 8, 7, 3)).astype("float32")
    step = [lambda x, i=i: conv_bn_relu(x, layer, i) for i in range(6)]
    branches = [step[0](x), step[2](step[1](x)), step[4](step[3](x)), step[5](pool(x, np.max))]
    np.testing.assert_allclose(layer(x), np.concatenate(branches, -1), rtol=1e-4, atol=1e-4)


def test_gradients_of_mixed_kernels_are_the_slopes():
    layer = trained(MixedKernels((2, 1, 2)))
    image, direction = RNG.normal(size=(2, 1, 8, 7, 3))

    def outputs(x):
        kernels = [s.get_weights() for s in layer.steps if isinstance(s, keras.layers.Conv2D)]
        return np.concatenate([*(convolve(x, *w) for w in kernels), pool(x, np.max)], -1)

    with tf.GradientTape() as tape:
        tape.watch(x := tf.constant(image, "float32"))
        total = tf.reduce_sum(layer(x) ** 2)
    steps = [np.sum(outputs(image + step * direction) ** 2) for step in (1e-5, -1e-5)]
    slope = np.sum(tape.gradient(total, x).numpy() * direction)
    np.testing.assert_allclose(slope, (steps[0] - steps[1]) / 2e-5, rtol=1e-3)


def test_inception_without_reductions_is_mixed_kernels():
    ours = trained(Inception((2, 3, 4), activation="tanh"))
    naive = trained(MixedKernels((2, 3, 4), activation="tanh"))
    naive.set_weights(ours.get_weights())
    image = RNG.normal(size=(2, 8, 7, 3)).astype("float32")
    np.testing.assert_array_equal(ours(image), naive(image))


@pytest.mark.parametrize(
    ("layer", "widths"),
    [
        (MixedKernels((2, 3, 4)), (2, 3, 4)),
        (Inception((2, 3, 4), reductions=(2, 2), pool_filters=5), (2, 3, 4, 5)),
    ],
    ids=["mixed_kernels", "inception"],
)
def test_a_kernel_of_zeros_changes_the_channels_of_its_branch_alone(layer, widths):
    trained(layer)
    image = RNG.uniform(0.5, 1.5, size=(2, 8, 7, 3)).astype("float32")
    before = np.array(layer(image))
    ends = list(itertools.accumulate(widths))
    for (stem, last), width, end in zip(layer.branches, widths, ends, strict=False):
        convolution = next(s for s in [*stem, *last[0]] if isinstance(s, keras.layers.Conv2D))
        kernel = np.array(convolution.kernel)
        convolution.kernel.assign(np.zeros_like(kernel))
        changed = np.abs(np.array(layer(image)) - before).max((0, 1, 2)) > 1e-3
        convolution.kernel.assign(kernel)
        assert np.flatnonzero(changed).tolist() == list(range(end - width, end))


def test_inception_3a_has_the_parameters_of_googlenet():
    layer = Inception((64, 128, 32), reductions=(96, 16), pool_filters=32)
    layer.build((None, 28, 28, 192))
    assert layer.count_params() == 163_696
    naive = MixedKernels((64, 128, 32))
    naive.build((None, 28, 28, 192))
    # Each weight of a kernel is one multiplication a pixel.
    cost, naive_cost = (
        sum(np.prod(w.shape) for w in each.weights if len(w.shape) == 4) for each in (layer, naive)
    )
    assert cost <= 0.45 * naive_cost


@pytest.mark.parametrize(("rows", "footprint"), [((3, 3), (5, 5)), ((1, 7), (7, 7))])
def test_small_kernels_see_what_a_large_one_sees(rows, footprint):
    name, place = ("a_3x3", 2) if rows == (3, 3) else ("b", 1)
    layer = trained(FactorizedInception(name, filters=BLOCKS[name], activation="linear"))
    first = sum(map(sum, [row[-1:] for row in BLOCKS[name][:place]]))
    with tf.GradientTape() as tape:
        tape.watch(image := tf.ones((1, 15, 15, 3)))
        one = layer(image)[0, 7, 7, first]
    seen = np.abs(tape.gradient(one, image)[0]).sum(-1) > 0
    assert (seen.any(1).sum(), seen.any(0).sum()) == footprint
    assert seen.sum() == footprint[0] * footprint[1]


def inception_v3(shape):
    """Keras's network, a row a block."""
    x = image = keras.Input(shape)
    for filters, size, strides, padding in [
        (32, 3, 2, "valid"),
        (32, 3, 1, "valid"),
        (64, 3, 1, "same"),
        ("pool",) * 4,
        (80, 1, 1, "valid"),
        (192, 3, 1, "valid"),
        ("pool",) * 4,
    ]:
        if filters == "pool":
            x = keras.layers.MaxPooling2D(3, 2)(x)
            continue
        x = keras.layers.Conv2D(filters, size, strides, padding, use_bias=False)(x)
        x = keras.layers.ReLU()(keras.layers.BatchNormalization(scale=False)(x))
    rows = [("a", ((64,), (48, 64), (64, 96, 96), (width,))) for width in (32, 64, 64)]
    rows.append(("reduction_a", None))
    rows += [("b", ((192,), (n, n, 192), (n, n, n, n, 192), (192,))) for n in (128, 160, 160, 192)]
    rows += [("reduction_b", None), ("c", None), ("c", None)]
    for name, filters in rows:
        x = FactorizedInception(name, filters=filters)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(1000, activation="softmax")(x))


def test_its_network_is_that_of_keras_applications():
    shape = (75, 75, 3)
    theirs = keras.applications.InceptionV3(weights=None, input_shape=shape)
    ours = inception_v3(shape)
    assert ours.count_params() == theirs.count_params() == 23_851_784
    steps = []
    for layer in ours.layers:
        steps += layer.steps if isinstance(layer, FactorizedInception) else [layer]
    for kind in (keras.layers.Conv2D, keras.layers.BatchNormalization, keras.layers.Dense):
        sources = [layer for layer in theirs.layers if isinstance(layer, kind)]
        # Keras numbers its layers in the order in which the network makes them.
        sources.sort(key=lambda layer: int("0" + "".join(re.findall(r"_(\d+)$", layer.name))))
        mine = [layer for layer in steps if isinstance(layer, kind)]
        for layer, source in zip(mine, sources, strict=True):
            layer.set_weights(source.get_weights())
    image = RNG.normal(size=(2, *shape)).astype("float32")
    # What enters the classifier; a random one gives nearly the same probabilities for anything.
    ours, theirs = (keras.Model(each.input, each.layers[-2].output) for each in (ours, theirs))
    np.testing.assert_allclose(ours(image), theirs(image), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", BLOCKS)
def test_it_opens_up_to_keras_layers_that_share_its_weights(name):
    layer = trained(FactorizedInception(name, filters=BLOCKS[name]))
    image = keras.Input((8, 7, 3))
    flat = keras.Model(image, layer.call(image))
    assert {type(inner).__module__.partition(".")[0] for inner in flat.layers} == {"keras"}
    assert len(flat.weights) == len(layer.weights)
    values = RNG.normal(size=(2, 8, 7, 3)).astype("float32")
    np.testing.assert_array_equal(flat(values), layer(values))


@pytest.mark.parametrize("name", BLOCKS)
def test_it_is_the_same_when_loaded(name, tmp_path):
    image = keras.Input((8, 7, 3))
    model = keras.Model(image, trained(FactorizedInception(name, filters=BLOCKS[name]))(image))
    model.save(tmp_path / "model.keras")
    values = RNG.normal(size=(2, 8, 7, 3)).astype("float32")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(values), model(values))


def test_negative_inputs_reach_the_convolutions_of_an_int8_file(tmp_path):
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 3), name="image")
    model = keras.Model(image, MixedKernels((3, 3, 3))(image))
    values = np.random.default_rng(0).normal(size=(16, 8, 8, 3)).astype("float32")
    path = tmp_path / "model.tflite"
    export.to_tflite(model, path, quantize="int8", calibration=values)
    noise = (edge.load(path)(values) - model(values)) ** 2
    decibels = 10 * np.log10(np.mean(model(values) ** 2, (0, 1, 2)) / np.mean(noise, (0, 1, 2)))
    assert decibels.min() > 30
