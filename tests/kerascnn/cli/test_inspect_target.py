"""What `kerascnn inspect --target` says of a file."""

import json
import subprocess
import sys

import keras
import pytest

from kerascnn import export


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    image = keras.Input((4, 4, 2), name="image")
    x = keras.layers.LeakyReLU(name="leak")(image)
    model = keras.Model(image, keras.layers.Conv2D(3, 1, name="last")(x))
    path = tmp_path_factory.mktemp("inspect") / "leaky.tflite"
    export.to_tflite(model, path)
    return path


def inspect(*arguments):
    start = "from kerascnn.cli import main; main()"
    command = [sys.executable, "-c", start, "inspect", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_file_is_judged_for_a_coral(path):
    shown = inspect(path, "--target", "coral")
    assert "leak" in shown.stdout
    assert "PReLU" in shown.stdout
    assert "predicted: 0 of 2 operators" in shown.stdout
    found = json.loads(inspect(path, "--target", "coral", "--json").stdout)
    assert (found["mapped"], found["total"], found["ready"]) == (0, 2, False)


def test_no_other_device_is_judged(path):
    refused = inspect(path, "--target", "toaster")
    assert refused.returncode != 0
    assert "target=toaster" in refused.stderr
