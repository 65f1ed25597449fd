"""The oldest runtime of a report, against the wheels of old runtimes themselves."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers

from kerascnn import export
from kerascnn.export.file.oldest import place_of

WHEELS = {"TensorFlow Lite 2.14": ("tflite-runtime==2.14.0", "numpy<2")}
RUN = """
import sys, numpy
from tflite_runtime.interpreter import Interpreter
interpreter = Interpreter(sys.argv[1])
interpreter.allocate_tensors()
(given,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()
for image in numpy.load(sys.argv[2]):
    interpreter.set_tensor(given["index"], image[None])
    interpreter.invoke()
    print(*interpreter.get_tensor(made["index"]).ravel())
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The Python of a fresh environment with an old runtime."""
    if sys.version_info[:2] != (3, 11):
        pytest.skip("tflite-runtime 2.14 has a wheel for Python 3.11 only among ours")
    folder = tmp_path_factory.mktemp("wheel") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    made = folder / "bin" / "python"
    command = [made, "-m", "pip", "install", "--quiet", *WHEELS["TensorFlow Lite 2.14"]]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    if installed.returncode:
        pytest.skip(f"No package index: {installed.stderr.strip().splitlines()[-1]}")
    return made


def run(python, path, images, folder):
    np.save(folder / "images.npy", images)
    command = [python, "-c", RUN, path, folder / "images.npy"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return np.array([[float(value) for value in row.split()] for row in done.stdout.splitlines()])


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).normal(size=(16, 8, 8, 4)).astype("float32")


def network(middle):
    image = keras.Input((8, 8, 4), name="image")
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
    x = middle(x)
    return keras.Model(image, layers.Dense(5)(layers.GlobalAveragePooling2D()(x)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "middle",
    [
        layers.GroupNormalization(4),
        layers.Conv2D(8, 3, groups=2),
        layers.UpSampling2D(2),
        lambda x: x / (1.0 + x * x),
        layers.Conv2DTranspose(4, 3, strides=2, activation="relu"),
    ],
)
def test_a_file_runs_rightly_in_the_runtime_that_it_was_made_for(middle, python, images, tmp_path):
    model = network(middle)
    path = tmp_path / "model.tflite"
    report = export.to_tflite(model, path, quantize="int8", calibration=images, min_runtime="2.14")
    assert report.runtime is not None
    assert place_of(report.runtime) <= place_of("2.14")
    given = run(python, path, images, tmp_path)
    expected = np.array(model(images))
    noise = np.mean((given - expected) ** 2) / np.mean(expected**2)
    assert 10 * np.log10(1 / noise) > 15
