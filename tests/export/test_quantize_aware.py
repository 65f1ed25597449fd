"""Models that round in training as int8 does."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from kerascnn.export import quantize_aware
from kerascnn.export.quantization.bake import bake, is_quantize_aware
from kerascnn.export.quantization.fake import (
    FakeQuantize,
    FakeQuantizedKernel,
    round_symmetric,
)

RNG = np.random.default_rng(0)


def network(activation="relu"):
    keras.utils.set_random_seed(0)
    x = image = keras.Input((8, 8, 1), name="image")
    x = layers.Conv2D(4, 3, padding="same", name="stem")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = skip = layers.Activation(activation, name="act")(x)
    x = layers.DepthwiseConv2D(3, padding="same", activation="relu", name="depth")(x)
    x = layers.Add(name="sum")([x, skip])
    x = layers.ReLU(name="after")(x)
    y = layers.Conv2DTranspose(4, 3, padding="same", activation="relu", name="up")(x)
    x = layers.Concatenate(name="both")([x, y])
    x = layers.Flatten(name="flat")(layers.MaxPooling2D(name="pool")(x))
    return keras.Model(image, layers.Dense(3, activation="softmax", name="head")(x))


def images(count=32):
    labels = np.arange(count) % 3
    data = np.random.default_rng(0).normal(0, 0.3, size=(count, 8, 8, 1)).astype("float32")
    data[np.arange(count), 2 * labels] += 1.0
    return data, labels


def slow_fake_quantize(values, low, high):
    """256 values in equal steps from low to high, moved so that 0 is one of them."""
    step = (high - low) / 255
    zero = np.clip(np.round(-low / step), 0, 255)
    codes = np.clip(np.floor(values / step + zero + 0.5), 0, 255)
    return (codes - zero) * step


@pytest.mark.parametrize(
    "values", [RNG.normal(size=200), RNG.uniform(3, 5, 200), RNG.uniform(-5, -3, 200)]
)
def test_the_first_batch_sets_the_range_and_values_round_to_it(values):
    layer = FakeQuantize()
    values = values.astype("float32")
    rounded = np.array(layer(values, training=True))
    low, high = min(values.min(), 0), max(values.max(), 0)
    np.testing.assert_allclose([layer.low, layer.high], [low, high], rtol=1e-6)
    np.testing.assert_allclose(rounded, slow_fake_quantize(values, low, high), atol=1e-5)
    assert len(np.unique(rounded)) <= 256


def test_later_batches_move_the_range_slowly_and_inference_does_not():
    layer = FakeQuantize(momentum=0.75)
    layer(np.array([-1.0, 2.0], "float32"), training=True)
    layer(np.array([-2.0, 6.0], "float32"), training=True)
    np.testing.assert_allclose([layer.low, layer.high], [-1.25, 3.0], rtol=1e-6)
    layer(np.array([-9.0, 9.0], "float32"))
    np.testing.assert_allclose([layer.low, layer.high], [-1.25, 3.0], rtol=1e-6)


def test_zeros_have_a_range_and_a_finite_gradient():
    layer, zeros = FakeQuantize(), tf.zeros((4,))
    with tf.GradientTape() as tape:
        tape.watch(zeros)
        outputs = layer(zeros, training=True)
    np.testing.assert_array_equal(outputs, 0)
    assert np.isfinite(tape.gradient(outputs, zeros)).all()


@pytest.mark.parametrize("axis", [None, 0, 2, 3])
def test_kernels_round_to_127_steps_on_either_side(axis):
    kernel = RNG.normal(size=(3, 2, 4, 5)).astype("float32")
    expected = np.zeros_like(kernel)
    slices = [np.s_[...]] if axis is None else list(range(kernel.shape[axis]))
    for place in slices:
        at = place if axis is None else (slice(None),) * axis + (place,)
        step = np.abs(kernel[at]).max() / 127
        expected[at] = np.round(kernel[at] / step) * step
    variable = tf.constant(kernel)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        rounded = round_symmetric(variable, axis)
    np.testing.assert_allclose(rounded, expected, atol=1e-6)
    np.testing.assert_array_equal(tape.gradient(rounded, variable), 1.0)


def test_ranges_stand_where_int8_has_them():
    qat = quantize_aware(network())
    ranged = [layer.name for layer in qat.layers if isinstance(layer, FakeQuantize)]
    # Not before a fused ReLU or the concatenation, not behind pooling, reshape or softmax.
    assert sorted(ranged) == [
        "act.range",
        "after.range",
        "both.range",
        "depth.activation.range",
        "head.range",
        "image.range",
    ]
    rounded = [layer.layer.name for layer in qat.layers if isinstance(layer, FakeQuantizedKernel)]
    assert rounded == ["stem", "depth", "up", "head"]


def test_an_untrained_copy_computes_what_the_model_does():
    model, (data, _) = network(), images()
    qat = quantize_aware(model)
    assert is_quantize_aware(qat)
    assert not is_quantize_aware(model)
    np.testing.assert_allclose(qat(data), model(data), atol=0.02)


def test_baking_keeps_every_number():
    qat, (data, labels) = quantize_aware(network()), images()
    qat.compile("sgd", "sparse_categorical_crossentropy")
    qat.fit(data, labels, epochs=1, verbose=0)
    baked = bake(qat)
    np.testing.assert_array_equal(baked(data), qat(data))
    names = [layer.name for layer in baked.layers]
    assert "stem" in names
    assert not [layer for layer in baked.layers if isinstance(layer, FakeQuantizedKernel)]
    kernel = baked.get_layer("stem").kernel.numpy()
    np.testing.assert_allclose(kernel, round_symmetric(tf.constant(kernel), 3), atol=1e-7)


def test_the_relu_of_a_transposed_convolution_is_left_to_its_range():
    x = keras.Input((4, 4, 2))
    y = layers.Conv2DTranspose(3, 3, activation="relu", name="up")(x)
    qat = quantize_aware(keras.Model(x, layers.Conv2D(2, 3)(y)))
    data = RNG.normal(size=(8, 4, 4, 2)).astype("float32")
    qat(data, training=True)
    baked = bake(qat)
    assert "up.activation" in [layer.name for layer in qat.layers]
    assert "up.activation" not in [layer.name for layer in baked.layers]
    np.testing.assert_array_equal(baked(data), qat(data))


def test_results_of_a_fixed_range_round_in_training_but_for_those_of_the_model():
    x = image = keras.Input((4,))
    for name in ("sigmoid", "tanh", "softmax"):
        x = layers.Dense(4, activation=name, name=name)(x)
    aware = quantize_aware(keras.Model(image, x))
    fixed = {layer.name: layer for layer in aware.layers if getattr(layer, "fixed", None)}
    assert set(fixed) == {"sigmoid.activation.range", "tanh.activation.range"}
    values = np.linspace(-2, 2, 101, dtype="float32")
    for (_, layer), (low, high) in zip(
        fixed.items(), [(0, 255 / 256), (-1, 127 / 128)], strict=True
    ):
        rounded = layer(values, training=True)
        np.testing.assert_allclose(rounded, slow_fake_quantize(values, low, high), atol=1e-6)
        assert (float(layer.low), float(layer.high)) == (low, high)
    again = keras.models.clone_model(aware)
    assert float(again.get_layer("tanh.activation.range").low) == -1


class Jitter(layers.Layer):
    """Adds noise in training."""

    def call(self, inputs, training=False):
        return inputs + keras.random.normal(ops.shape(inputs)) if training else inputs


class Doubled(Jitter):
    """Adds noise in training, and doubles."""

    def call(self, inputs, training=False):
        return 2 * super().call(inputs, training=training)


def test_what_gives_its_input_at_inference_has_the_range_of_it():
    image = keras.Input((4,))
    x = layers.Dense(4, name="before")(image)
    aware = quantize_aware(
        keras.Model(image, layers.Dense(2, name="after")(Jitter(name="noise")(x)))
    )
    assert "before.range" in [layer.name for layer in aware.layers]
    assert "noise.range" not in [layer.name for layer in aware.layers]
    assert aware.get_layer("noise")  # in training it draws as before
    with pytest.warns(UserWarning, match="noise"):
        quantize_aware(keras.Model(image, Doubled(name="noise")(x)))


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_training_lowers_the_loss_of_the_rounded_model(policy, jit_compile):
    data, labels = images()
    keras.config.set_dtype_policy(policy)
    try:
        qat = quantize_aware(network())
    finally:
        keras.config.set_dtype_policy("float32")
    qat.compile(
        keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy", jit_compile=jit_compile
    )
    history = qat.fit(data, labels, epochs=8, batch_size=16, verbose=0).history["loss"]
    assert history[-1] < 0.5 * history[0]
    assert np.isfinite(history).all()


def test_a_saved_model_loads_with_its_ranges(tmp_path):
    qat, (data, labels) = quantize_aware(network("tanh")), images()
    qat.compile("adam", "sparse_categorical_crossentropy")
    qat.fit(data, labels, verbose=0)
    qat.save(tmp_path / "qat.keras")
    code = (
        "import sys, keras, numpy as np, kerascnn.export.quantization.fake;"
        "model = keras.saving.load_model(sys.argv[1]);"
        "np.save(sys.argv[3], model(np.load(sys.argv[2])));"
        "model.fit(np.load(sys.argv[2]), np.zeros(32), verbose=0)"
    )
    np.save(tmp_path / "data.npy", data)
    files = [str(tmp_path / name) for name in ("qat.keras", "data.npy", "out.npy")]
    subprocess.run([sys.executable, "-c", code, *files], check=True, capture_output=True)
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), qat(data), atol=1e-6)


def test_the_model_given_is_left_as_it_was():
    model, (data, labels) = network(), images()
    before = model.get_weights()
    qat = quantize_aware(model)
    qat.compile("sgd", "sparse_categorical_crossentropy")
    qat.fit(data, labels, verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.get_layer("depth").activation is keras.activations.relu


def test_layers_can_be_left_out_by_pattern():
    def rounded(**options):
        qat = quantize_aware(network(), **options)
        return [layer.name for layer in qat.layers if isinstance(layer, FakeQuantizedKernel)]

    assert rounded(skip=["head", "d*"]) == ["stem.rounded", "up.rounded"]
    assert rounded(only=["stem*"]) == ["stem.rounded"]


@pytest.mark.parametrize("argument", ["skip", "only"])
def test_a_pattern_that_fits_no_layer_is_refused(argument):
    with pytest.raises(ValueError, match=rf"{argument} must name layers.*Received: {argument}='x'"):
        quantize_aware(network(), **{argument: ["x"]})


def test_a_kind_that_is_not_known_is_named():
    x = keras.Input((6,))
    model = keras.Model(x, ops.erf(layers.Dense(3, name="known")(x)))
    with pytest.warns(UserWarning, match=r"stay in float inside. Received: erf"):
        quantize_aware(model)


REPLICAS = """
import json, runpy, sys
import keras, numpy as np, tensorflow as tf
from kerascnn import export

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
tests = runpy.run_path(sys.argv[1])
data, labels = tests["images"]()
strategies = [tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])]
losses, ranges = [], []
for strategy in strategies:
    with strategy.scope():
        qat = export.quantize_aware(tests["network"]())
        qat.compile("sgd", "sparse_categorical_crossentropy")
    losses.append(qat.fit(data, labels, epochs=3, shuffle=False, verbose=0).history["loss"])
    found = [layer for layer in qat.layers if type(layer).__name__ == "FakeQuantize"]
    ranges.append([float(np.array(layer.high)) for layer in found])
print(json.dumps({"losses": losses, "ranges": ranges}))
"""


def test_it_trains_under_two_replicas():
    process = subprocess.run(
        [sys.executable, "-c", REPLICAS, __file__], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    report = json.loads(process.stdout.splitlines()[-1])
    one, two = report["losses"]
    np.testing.assert_allclose(one, two, rtol=0.05)
    np.testing.assert_allclose(*report["ranges"], rtol=0.3)
    assert two[-1] < two[0]
