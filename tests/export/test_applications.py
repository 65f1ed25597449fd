"""Networks of other people, trained with rounding, as files of integers."""

import json
import os
import subprocess
import sys
import warnings

import keras
import numpy as np
import pytest

from kerascnn import edge, export
from kerascnn.export.tree import walk

SIZES = {
    "ConvNeXtTiny": 32,
    "DenseNet121": 32,
    "EfficientNetB0": 32,
    "InceptionV3": 75,
    "MobileNetV2": 32,
    "MobileNetV3Small": 32,
    "NASNetMobile": 32,
    "ResNet50V2": 32,
}
COLORS = np.float32([[200, 60, 60], [60, 200, 60], [60, 60, 200], [190, 190, 40]])


def pictures(count, size, seed):
    """Noise around one of four colours, in 0 to 255."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(COLORS)
    noise = rng.normal(0, 30, size=(count, size, size, 3))
    return np.clip(COLORS[labels][:, None, None] + noise, 0, 255).astype("float32"), labels


def of_keras(name, size):
    return getattr(keras.applications, name)(
        weights=None, include_top=False, input_shape=(size, size, 3), pooling="avg"
    )


def of_hub(name, size):
    import keras_hub

    image = keras.Input((size, size, 3))
    body = keras_hub.models.ResNetBackbone(
        [64], [3], [64, 128], [1, 1], [1, 2], name, True, image_shape=(size, size, 3)
    )
    return keras.Model(image, keras.layers.GlobalAveragePooling2D()(body(image)))


def network(make, name, size):
    """A network on pictures of 0 to 255, with statistics that move fast."""
    keras.utils.set_random_seed(0)
    image = keras.Input((size, size, 3), name="image")
    scaled = ("EfficientNetB0", "MobileNetV3Small", "ConvNeXtTiny")  # they do it themselves
    x = image if name in scaled else keras.layers.Rescaling(1 / 127.5, offset=-1)(image)
    body = make(name, size)
    for _, layer in walk(body):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.5
    return keras.Model(image, keras.layers.Dense(len(COLORS), name="logits")(body(x)))


def fit(model, images, labels, rate, epochs):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, jit_compile=False)
    model.fit(images, labels, batch_size=16, epochs=epochs, verbose=0)


def prove(make, name, size, folder):
    """Train in float and with rounding, export, and say how right and how equal the answers are."""
    images, labels = pictures(256, size, seed=0)
    model = network(make, name, size)
    fit(model, images, labels, 1e-3, epochs=12)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # of kinds that are not known
        aware = export.quantize_aware(model)
    fit(aware, images, labels, 1e-4, epochs=4)
    path = os.path.join(folder, "model.tflite")
    report = export.to_tflite(aware, path, quantize="int8")
    images, labels = pictures(200, size, seed=1)
    rounded = aware.predict(images, batch_size=20, verbose=0).argmax(-1)
    given = edge.load(path)(images).argmax(-1)
    return {
        "floating": [operator.name for operator in report.float_operators],
        "accuracy": float(np.mean(rounded == labels)),
        "agreement": float(np.mean(given == rounded)),
    }


def check(found):
    assert found["floating"] == []
    assert found["accuracy"] > 0.9
    assert found["agreement"] >= 0.99


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", SIZES)
def test_it_trains_with_rounding_and_becomes_integers_that_agree(name, tmp_path):
    check(prove(of_keras, name, SIZES[name], tmp_path))


HUB = (
    "keras-hub==0.32.0",
    "kagglehub==1.0.2",
    "kagglesdk==0.1.28",
    "regex",
    "tokenizers",
    "tqdm",
    "pyyaml",
)
IN_HUB = """
import json, runpy, sys
tests = runpy.run_path(sys.argv[1])
print(json.dumps(tests["prove"](tests["of_hub"], "basic_block", 32, sys.argv[2])))
"""


@pytest.mark.slow
def test_so_does_a_backbone_of_keras_hub(tmp_path):
    packages = tmp_path / "packages"
    # Without what it needs for text: a second TensorFlow would come with that.
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", packages]
    installed = subprocess.run([*command, *HUB], capture_output=True, text=True, check=False)
    if installed.returncode:
        pytest.skip(f"No package index: {installed.stderr.strip().splitlines()[-1]}")
    process = subprocess.run(
        [sys.executable, "-c", IN_HUB, __file__, tmp_path],
        env=os.environ | {"PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    check(json.loads(process.stdout.splitlines()[-1]))
