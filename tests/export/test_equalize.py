"""Cross-layer equalisation recovers a model that post-training quantization ruins."""

import keras
import numpy as np
import pytest
from keras import layers

from kerascnn import export

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.normal(size=(64, 12, 12, 3)).astype("float32")


def disparate():
    """Channels hundreds of times wider than others on the way out, and back on the way in."""
    keras.utils.set_random_seed(0)
    image = keras.Input((12, 12, 3), name="image")
    x = layers.Conv2D(16, 3, use_bias=False, name="stem")(image)
    x = layers.ReLU(name="relu")(layers.BatchNormalization(name="norm")(x))
    x = layers.DepthwiseConv2D(3, name="depthwise")(x)
    x = layers.MaxPooling2D(2, name="pool")(layers.ReLU(name="relu2")(x))
    x = layers.Conv2D(8, 1, name="mix")(x)
    model = keras.Model(image, layers.Flatten(name="flat")(x))
    factors = np.geomspace(0.05, 20.0, 16).astype("float32")
    model.get_layer("norm").gamma.assign(factors)
    kernel = model.get_layer("depthwise").kernel
    kernel.assign(kernel * np.roll(factors, 5)[:, np.newaxis])
    mix = model.get_layer("mix").kernel
    mix.assign(mix / (factors * np.roll(factors, 5))[:, np.newaxis])
    return model


@pytest.fixture(scope="module")
def model():
    return disparate()


def test_an_equalized_model_answers_as_before(model):
    expected = np.asarray(model(IMAGES))
    np.testing.assert_allclose(
        np.asarray(export.equalize(model)(IMAGES)), expected, rtol=2e-3, atol=1e-4
    )


def test_both_layers_of_a_pair_become_equally_wide(model):
    flat = export.equalize(model)
    stem = np.abs(flat.get_layer("stem").kernel).max((0, 1, 2))
    depthwise = np.abs(flat.get_layer("depthwise").kernel).max((0, 1, 3))
    mix = np.abs(flat.get_layer("mix").kernel).max((0, 1, 3))
    np.testing.assert_allclose(stem, depthwise, rtol=1e-3)
    np.testing.assert_allclose(depthwise, mix, rtol=1e-3)
    assert model.get_layer("norm").gamma[0] < 0.1  # the model of the caller stays


def test_a_limit_between_two_layers_keeps_them_apart():
    keras.utils.set_random_seed(0)
    stack = [layers.Conv2D(4, 3, name="a"), layers.ReLU(6.0), layers.Conv2D(4, 3, name="b")]
    limited = keras.Sequential([layers.Input((8, 8, 1)), *stack])
    kernels = [np.array(limited.get_layer(name).kernel) for name in "ab"]
    flat = export.equalize(limited)
    for name, kernel in zip("ab", kernels, strict=True):
        np.testing.assert_array_equal(np.array(flat.get_layer(name).kernel), kernel)


def test_equalisation_recovers_what_quantization_ruins(model, tmp_path):
    options = {"quantize": "int8", "calibration": IMAGES}
    ruined = export.to_tflite(model, tmp_path / "ruined.tflite", **options)
    saved = export.to_tflite(export.equalize(model), tmp_path / "saved.tflite", **options)
    assert ruined.parity.outputs[0].sqnr_db < 10
    assert any("lost much" in note for note in ruined.notes)
    assert saved.parity.outputs[0].sqnr_db > 25
