"""The oldest runtime of a report, against the wheels of old runtimes themselves."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from kerascnn import edge, export
from kerascnn.export.file.oldest import place_of, runtimes

# The index has no tflite-runtime 2.5; TensorFlow 2.5 holds the same runtime.
WHEELS = {
    "TensorFlow Lite 2.5": ("tensorflow-cpu==2.5.3", "protobuf<3.21"),
    "TensorFlow Lite 2.7": ("tflite-runtime==2.7.0", "numpy<2"),
    "TensorFlow Lite 2.8": ("tflite-runtime==2.8.0", "numpy<2"),
    "TensorFlow Lite 2.9": ("tflite-runtime==2.9.1", "numpy<2"),
    "TensorFlow Lite 2.10": ("tflite-runtime==2.10.0", "numpy<2"),
    "TensorFlow Lite 2.13": ("tflite-runtime==2.13.0", "numpy<2"),
    "TensorFlow Lite 2.14": ("tflite-runtime==2.14.0", "numpy<2"),
}
RUN = """
import sys, numpy
try:
    from tflite_runtime.interpreter import Interpreter
except ImportError:
    from tensorflow.lite.python.interpreter import Interpreter
interpreter = Interpreter(sys.argv[1])
interpreter.allocate_tensors()
(given,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()
rows = []
for image in numpy.load(sys.argv[2]):
    interpreter.set_tensor(given["index"], image[None])
    interpreter.invoke()
    rows.append(interpreter.get_tensor(made["index"]).ravel())
numpy.save(sys.argv[3], rows)
"""
RIGHT = 15  # dB; what reads another scale or another operator has about 0
IMAGES = np.random.default_rng(0).normal(size=(16, 8, 8, 4)).astype("float32")


def old_python():
    """A Python that all these wheels were built for, on the path or of pyenv; else our own."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in ("3.9", "3.8"):
        ours = sorted(versions.glob(f"{version}.*/bin/python"))
        for found in filter(None, (shutil.which(f"python{version}"), *ours)):
            command = [found, "-c", "import ensurepip, venv"]
            if not subprocess.run(command, capture_output=True, check=False).returncode:
                return found
    return sys.executable


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """Give the Python of an environment with an old runtime, made once; None without one."""
    folder, python = tmp_path_factory.mktemp("wheels"), old_python()

    @cache
    def environment(runtime):
        if runtime not in WHEELS:
            return None
        place = folder / runtime.replace(" ", "-")
        subprocess.run([python, "-m", "venv", place], check=True, capture_output=True)
        made = place / "bin" / "python"
        command = [made, "-m", "pip", "install", "--quiet", *WHEELS[runtime]]
        failed = subprocess.run(command, capture_output=True, check=False).returncode
        return None if failed else made

    if not any(map(environment, reversed(WHEELS))):
        pytest.skip(
            "No wheel of an old runtime installs: they need Python 3.8 or 3.9 (2.14 also 3.11), "
            f"on the path or of pyenv, and a package index. Received: {python}"
        )
    return environment


def decibels(run, path, expected, folder):
    """Signal to noise of a file in a runtime; minus infinity where it does not run."""
    if run is None:
        model = edge.load(path)
        made = np.concatenate([model(image[None]) for image in IMAGES])
    else:
        np.save(folder / "images.npy", IMAGES)
        files = [path, folder / "images.npy", folder / "made.npy"]
        command = [run, "-c", RUN, *files]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return -np.inf
        made = np.load(folder / "made.npy")
    return 10 * np.log10(np.mean(expected**2) / np.mean((made - expected) ** 2))


def check(claimed, path, expected, wheel, folder):
    """Hold a claim: right in the oldest wheel from that runtime on, not right in the one before."""
    names, place = runtimes(), place_of(claimed)
    later = next(filter(None, map(wheel, names[place:])), None)  # None: the runtime of edge
    assert decibels(later, path, expected, folder) > RIGHT
    earlier = next(filter(None, map(wheel, reversed(names[:place]))), None)
    if earlier is not None:
        assert decibels(earlier, path, expected, folder) < RIGHT


def network(middle, head=layers.Dense, batch_size=None):
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 4), name="image", batch_size=batch_size)
    x = middle(layers.Conv2D(8, 3, padding="same", activation="relu")(image))
    if head is layers.Dense:
        x = layers.GlobalAveragePooling2D()(x) if len(x.shape) == 4 else x
        return keras.Model(image, layers.Dense(5)(x))
    return keras.Model(image, layers.GlobalAveragePooling2D()(layers.Conv2D(5, 1)(x)))


def outputs(model):
    return np.concatenate([np.array(model(image[None])) for image in IMAGES])


def normalised(x):
    return layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(8, 3, use_bias=False)(x)))


def attention(x):
    x = layers.Reshape((64, 8))(x)
    return layers.GlobalAveragePooling1D()(layers.MultiHeadAttention(2, 4)(x, x))


OLD = {  # what has a form that even the oldest runtimes take
    "batch normalisation": normalised,
    "dilated": layers.Conv2D(8, 3, dilation_rate=2),
    "depthwise": layers.DepthwiseConv2D(3, padding="same"),
    "grouped": layers.Conv2D(8, 3, groups=2),
    "transposed": layers.Conv2DTranspose(4, 3, strides=2, activation="relu"),
    "group normalisation": layers.GroupNormalization(4),
    "nearest": layers.UpSampling2D(2),
    "bilinear": layers.Resizing(16, 16),
    "dense": lambda x: layers.Dense(16, activation="relu")(layers.Flatten()(x)),
    "division": lambda x: x / (1.0 + x * x),
    "softmax": layers.Softmax(),
    "attention": attention,
}
ANY = OLD | {
    "gelu": layers.Activation("gelu"),
    "tile": lambda x: ops.tile(x, (1, 2, 1, 1)),
    "exponential": lambda x: ops.exp(-x),
    "root": lambda x: ops.sqrt(x + 0.1),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ANY)
def test_the_oldest_runtime_of_a_report_runs_the_file_and_the_one_before_does_not(
    name, wheel, tmp_path
):
    model, path = network(ANY[name]), tmp_path / "model.tflite"
    report = export.to_tflite(model, path, quantize="int8", calibration=IMAGES)
    check(report.runtime, path, outputs(model), wheel, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", OLD)
def test_a_file_runs_rightly_in_the_runtime_that_it_was_made_for(name, wheel, tmp_path):
    runtime = wheel("TensorFlow Lite 2.7")
    if runtime is None:
        pytest.skip("tflite-runtime 2.7 does not install: it has wheels for Python 3.7 to 3.9")
    model, path = network(OLD[name]), tmp_path / "model.tflite"
    report = export.to_tflite(model, path, quantize="int8", calibration=IMAGES, min_runtime="2.7")
    assert place_of(report.runtime) <= place_of("2.7")
    assert decibels(runtime, path, outputs(model), tmp_path) > RIGHT


def five_axes(combine):
    factor = np.linspace(0.5, 1.5, 4, dtype="float32").reshape(4, 1)

    def middle(x):
        x = layers.Reshape((8, 8, 4, 2))(layers.Conv2D(8, 1)(x))
        return layers.Reshape((8, 8, 8))(combine(x, factor))

    return middle


def units(x):
    return layers.Reshape((1, 1, 16))(layers.Dense(16, activation="relu")(layers.Flatten()(x)))


# What TensorFlow's converter writes by itself: each rule on what old runtimes load and get wrong.
FOREIGN = {
    "a scale for each unit": (units, "2.10"),
    "division of integers": (lambda x: x / (1.0 + x * x), "LiteRT 2.3"),
    "groups": (layers.Conv2D(8, 3, groups=2), "2.9"),
    "tile of five axes": (layers.UpSampling2D(2), "2.8"),
    "product over five axes": (five_axes(ops.multiply), "LiteRT 2.3"),
    "sum over five axes": (five_axes(ops.add), "2.13"),  # 2.12, never measured whole, has it too
    "difference over five axes": (five_axes(ops.subtract), "2.8"),
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs")  # the samples give them
@pytest.mark.parametrize("name", FOREIGN)
def test_the_oldest_runtime_of_a_foreign_file_is_right_too(name, wheel, tmp_path):
    middle, claimed = FOREIGN[name]
    model, path = network(middle, layers.Conv2D, batch_size=1), tmp_path / "model.tflite"
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[None]] for image in IMAGES)
    path.write_bytes(converter.convert())
    runtime = export.inspect(path).runtime
    assert place_of(runtime) == place_of(claimed)
    check(runtime, path, outputs(model), wheel, tmp_path)
