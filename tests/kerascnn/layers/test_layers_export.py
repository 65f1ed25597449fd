"""The composite layers in forms that no system has in its smallest configuration, as files."""

import keras
import numpy as np
import pytest

from kerascnn import edge, export
from kerascnn.layers import ConcatShortcut, GaussianSampling, Residual


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    image = keras.Input((16, 16, 3), name="image")
    x = skip = Residual(2, bottleneck=True, shortcut="projection", use_bias=True)(image)
    x = Residual(2, strides=2, bottleneck=True, shortcut="projection")(x)
    x = Residual(16, strides=2, shortcut="zero_padding")(x)
    x = Residual(4, bottleneck=True, activation="tanh")(x)
    x = ConcatShortcut()([keras.layers.Cropping2D(5)(skip), keras.layers.Cropping2D(1)(x)])
    x = keras.layers.Conv2D(4, 1)(x)
    return keras.Model(image, GaussianSampling()((x, keras.layers.ReLU()(x))))


@pytest.mark.parametrize(("quantize", "decibels"), [("float32", 80.0), ("int8", 20.0)])
def test_the_file_equals_keras(model, quantize, decibels, tmp_path):
    images = np.random.default_rng(0).uniform(size=(16, 16, 16, 3)).astype("float32")
    report = export.to_tflite(
        model,
        tmp_path / "model.tflite",
        quantize=quantize,
        calibration=images if quantize == "int8" else None,
    )
    if quantize == "int8":
        assert not report.float_operators
    expected = model.predict(images, verbose=0)
    noise = np.mean((edge.load(tmp_path / "model.tflite")(images) - expected) ** 2)
    assert 10 * np.log10(np.mean(expected**2) / max(noise, 1e-30)) >= decibels
