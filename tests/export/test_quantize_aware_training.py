"""Quantization-aware models in every kind of training, down to the integers of their files."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerascnn import edge, export
from kerascnn.export.quantization.calibrate import without_rounding
from kerascnn.export.quantization.fake import FakeQuantize, FakeQuantizedKernel
from kerascnn.losses import Triplet
from kerascnn.training import GAN

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(64, 8, 8, 3)).astype("float32")
LABELS = np.arange(64) % 4
IMAGES[np.arange(64), 2 * LABELS] += 1.0


def trunk(outputs=6):
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 3), name="image")
    x = layers.Conv2D(16, 3, padding="same", use_bias=False, name="first")(image)
    x = layers.ReLU(name="relu")(layers.BatchNormalization(name="norm")(x))
    x = layers.Conv2D(16, 3, strides=2, activation="relu", name="second")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(image, layers.Dense(outputs, name="last")(x), name="trunk")


def fitted(model, *callbacks, epochs=2, loss=None, labels=LABELS):
    loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss)
    data = {"batch_size": 16, "epochs": epochs, "verbose": 0, "callbacks": list(callbacks)}
    model.fit(IMAGES, labels, **data)
    return model


def sqnr(expected, given):
    noise = np.square(np.asarray(expected) - np.asarray(given)).mean()
    return 10 * np.log10(np.square(expected).mean() / noise)


def check_file(model, path, inputs):
    """A file of integers, without calibration, that answers as the model that rounds does."""
    report = export.to_tflite(model, path, quantize="int8")
    assert report.float_operators == ()
    rounded = getattr(model, "deployable", model)(inputs, training=False)
    given = edge.load(path)(inputs)
    pairs = zip(keras.tree.flatten(rounded), keras.tree.flatten(given), strict=True)
    for expected, answer in pairs:
        assert sqnr(expected, answer) > 30
    return report


@pytest.fixture(scope="module")
def gan():
    keras.utils.set_random_seed(0)
    noise = keras.Input((4,), name="noise")
    x = layers.Reshape((2, 2, 16))(layers.Dense(64, activation="relu")(noise))
    wide = {"strides": 2, "padding": "same", "kernel_initializer": "he_normal"}
    x = layers.Conv2DTranspose(8, 4, activation="relu", **wide)(x)
    x = layers.Conv2DTranspose(3, 4, activation="tanh", **wide)(x)
    aware = export.quantize_aware(keras.Model(noise, x, name="generator"))
    gan = GAN(aware, trunk(1), ema_decay=0.99, discriminator_steps=2, seed=0)
    gan.compile()
    gan.fit(IMAGES, epochs=3, batch_size=16, verbose=0)
    return gan


@pytest.mark.parametrize("name", ["deployable", "generator"])
def test_a_generator_of_a_gan_needs_no_calibration(gan, name, tmp_path):
    noise = RNG.normal(size=(32, 4)).astype("float32")
    model = getattr(gan, name)
    assert sqnr(without_rounding(model)(noise), model(noise)) > 20
    check_file(gan if name == "deployable" else model, tmp_path / "generator.tflite", noise)


def test_the_ranges_of_an_average_do_not_shrink_towards_their_start(gan):
    pairs = zip(gan.average.layers, gan.generator.layers, strict=True)
    ranged = [pair for pair in pairs if isinstance(pair[1], FakeQuantize)]
    wide = np.linspace(-100, 100, 1001).astype("float32")
    for average, layer in ranged:
        assert float(average.seen) < 0.2
        assert float(np.ptp(average(wide))) == pytest.approx(float(np.ptp(layer(wide))), rel=0.3)
    assert len(ranged) >= 3


def same_class(embeddings):
    distances = np.square(embeddings[:, np.newaxis] - embeddings).sum(-1)
    np.fill_diagonal(distances, np.inf)
    return np.mean(LABELS[distances.argmin(1)] == LABELS)


def test_embeddings_learn_from_triplets_mined_in_the_batch(tmp_path):
    aware = export.quantize_aware(trunk())
    before = same_class(np.asarray(aware(IMAGES)))
    fitted(aware, epochs=10, loss=Triplet())
    assert same_class(np.asarray(aware(IMAGES))) > before + 0.1
    check_file(aware, tmp_path / "mined.tflite", IMAGES)


def test_embeddings_learn_from_explicit_triplets(tmp_path):
    aware = export.quantize_aware(trunk())
    triplets = keras.Input((3, 8, 8, 3))
    parts = [aware(triplets[:, place]) for place in range(3)]
    whole = keras.Model(triplets, ops.stack(parts, axis=1))
    whole.compile(keras.optimizers.Adam(1e-3), Triplet(mining=None))
    order = np.arange(64)
    chosen = np.stack([IMAGES, IMAGES[(order + 4) % 64], IMAGES[(order + 1) % 64]], axis=1)
    losses = whole.fit(chosen, np.zeros(64), epochs=10, batch_size=16, verbose=0).history["loss"]
    assert losses[-1] < 0.9 * losses[0]
    check_file(aware, tmp_path / "explicit.tflite", IMAGES)


def test_inputs_outputs_shared_layers_and_nested_models(tmp_path):
    inner = trunk()
    left, right = keras.Input((8, 8, 3), name="left"), keras.Input((8, 8, 3), name="right")
    one, two = inner(left), inner(right)
    shared = layers.Dense(6, activation="relu", name="shared")
    both = layers.Concatenate(name="both")([shared(one), shared(two)])
    outputs = {
        "scores": layers.Dense(4, activation="softmax", name="scores")(both),
        "gap": layers.Subtract(name="gap")([one, two]),
    }
    model = keras.Model([left, right], outputs)
    aware = export.quantize_aware(model)
    aware.compile("adam", {"scores": "sparse_categorical_crossentropy", "gap": "mse"})
    targets = {"scores": LABELS, "gap": np.zeros((64, 6))}
    pair = [IMAGES, IMAGES[::-1].copy()]
    aware.fit(pair, targets, epochs=2, verbose=0)
    kernels = [o.layer.name for o in aware.layers if isinstance(o, FakeQuantizedKernel)]
    assert sorted(kernels) == ["scores", "shared", "trunk.first", "trunk.last", "trunk.second"]
    path = tmp_path / "pair.tflite"
    report = export.to_tflite(aware, path, quantize="int8")
    assert report.float_operators == ()
    assert [end.name for end in report.inputs] == ["left", "right"]
    given = edge.load(path)(dict(zip(("left", "right"), pair, strict=True)))
    expected = aware(pair)
    for name in ("scores", "gap"):
        assert sqnr(expected[name], given[name]) > 30


REPLICAS = """
import runpy, sys
import keras, numpy as np, tensorflow as tf
from kerascnn import export

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
tests = runpy.run_path(sys.argv[1])
keras.config.set_dtype_policy("mixed_float16")
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    aware = export.quantize_aware(tests["trunk"]())
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # XLA can't reach the variables of a second logical device, whatever the model.
    aware.compile(keras.optimizers.Adam(1e-3), loss, jit_compile=False)
losses = aware.fit(tests["IMAGES"], tests["LABELS"], epochs=3, verbose=0).history["loss"]
assert np.isfinite(losses).all() and losses[-1] < losses[0], losses
aware.save(sys.argv[2])
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "aware.keras"
    command = [sys.executable, "-c", REPLICAS, __file__, str(path)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr[-3000:]
    return path


def test_a_saved_model_of_two_replicas_in_half_precision_gives_a_file(saved, tmp_path):
    # Keras scales the loss by the policy of the process: its optimizer would have other variables.
    model = keras.models.load_model(saved, compile=False)
    check_file(model, tmp_path / "saved.tflite", IMAGES)


def kernels(model):
    found = {o.layer.name: o for o in model.layers if isinstance(o, FakeQuantizedKernel)}
    return {
        name: (np.asarray(o.layer.kernel), np.asarray(o.rounded())) for name, o in found.items()
    }


def test_zeros_and_shared_values_stay_in_training_and_zeros_in_the_file(tmp_path):
    model = fitted(trunk())
    fitted(model, export.prune(model, 0.5))
    aware = export.quantize_aware(model)
    before = {name: kernel == 0 for name, (kernel, _) in kernels(aware).items()}
    assert all(mask.mean() == 0.5 for mask in before.values())
    fitted(aware, export.prune(aware, 0.0), export.cluster(aware, 8))
    after = kernels(aware)
    for name, (kernel, rounded) in after.items():
        np.testing.assert_array_equal(kernel == 0, before[name])
        assert np.all(rounded[before[name]] == 0)
        assert len(np.unique(kernel)) == 8
    assert len(np.unique(after["last"][1])) == 8
    report = check_file(aware, tmp_path / "pruned.tflite", IMAGES)
    found = {layer.layer: layer for layer in export.compression_report(report.path).layers}
    for name in after:
        (layer,) = [layer for label, layer in found.items() if label.split(" + ")[0] == name]
        assert layer.sparsity >= 0.5
    assert found["last"].unique <= 8


def test_whole_filters_are_cut_out_before_the_training_that_rounds(tmp_path):
    sizes = []
    for fraction in (0.0, 0.5):
        model = fitted(trunk())
        if fraction:
            fitted(model, export.prune(model, fraction, pattern="filters"))
            model = export.shrink(model)
        aware = fitted(export.quantize_aware(model))
        sizes.append(check_file(aware, tmp_path / f"{fraction}.tflite", IMAGES).size)
    assert sizes[1] < 0.75 * sizes[0]


def test_a_normalisation_behind_two_layers_stays_beside_them():
    norm = layers.BatchNormalization(name="norm")
    image = keras.Input((8, 8, 3))
    both = [norm(layers.Conv2D(4, 3, name=name)(image)) for name in ("one", "two")]
    model = keras.Model(image, layers.Add()(both))
    norm.set_weights(RNG.uniform(0.5, 1.5, (4, 4)))
    aware = export.quantize_aware(model)
    np.testing.assert_allclose(without_rounding(aware)(IMAGES), model(IMAGES), atol=1e-5)
    kernels = [o.layer.name for o in aware.layers if isinstance(o, FakeQuantizedKernel)]
    assert sorted(kernels) == ["norm", "norm.2", "one", "two"]
