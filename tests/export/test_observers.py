"""Ranges from spreads of values, against brute force on the values themselves."""

import keras
import numpy as np
import pytest
from keras import layers

from kerascnn.export.quantization.aware import quantize_aware
from kerascnn.export.quantization.bias import correct_biases
from kerascnn.export.quantization.calibrate import calibrate, without_rounding
from kerascnn.export.quantization.fake import FakeQuantize
from kerascnn.export.quantization.observers import BINS, OBSERVERS, Histogram

RANDOM = np.random.default_rng(0)
NORMAL = RANDOM.normal(size=200_000)
POSITIVE = np.abs(NORMAL)
HEAVY = np.concatenate([NORMAL, [100.0]])


def spread(values):
    return Histogram(*np.histogram(values, BINS))


def squared_error(values, low, high):
    """Of rounding to the 256 values that int8 has between two ends, 0 among them."""
    step = (high - low) / 255
    zero = round(-low / step)
    levels = np.clip(np.round(values / step) + zero, 0, 255)
    return np.mean(((levels - zero) * step - values) ** 2)


@pytest.mark.parametrize("values", [NORMAL, POSITIVE, HEAVY, -POSITIVE])
def test_min_max_takes_all_and_zero(values):
    low, high = OBSERVERS["min_max"](spread(values))
    np.testing.assert_allclose((low, high), (min(values.min(), 0), max(values.max(), 0)))


@pytest.mark.parametrize("values", [NORMAL, POSITIVE, -POSITIVE])
def test_percentile_cuts_up_to_one_in_ten_thousand(values):
    low, high = OBSERVERS["percentile"](spread(values))
    assert low <= 0 <= high
    assert 0.3e-4 < np.mean((values < low) | (values > high)) <= 1e-4


@pytest.mark.parametrize("values", [NORMAL, POSITIVE, HEAVY])
def test_the_least_squared_error_is_near_that_of_a_search_on_the_values(values):
    found = squared_error(values, *OBSERVERS["mse"](spread(values)))
    low, high = min(values.min(), 0.0), values.max()
    best = min(
        squared_error(values, low * a, high * b)
        for a in np.linspace(0.05, 1, 20)
        for b in np.linspace(0.05, 1, 20)
    )
    assert found < best * 1.1
    assert found < squared_error(values, low, high)


def network():
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 1), name="image")
    x = layers.ReLU(name="relu")(layers.Conv2D(4, 3, name="stem")(image))
    return keras.Model(image, layers.Dense(3, name="head")(layers.Flatten()(x)))


IMAGES = RANDOM.normal(size=(20, 8, 8, 1)).astype("float32")


def test_ranges_of_min_max_are_the_extremes_of_the_float_model():
    model = network()
    aware = quantize_aware(model)
    calibrate(aware, [IMAGES], "min_max")
    outputs = keras.Model(model.input, [layer.output for layer in model.layers])(IMAGES)
    expected = {
        layer.name: np.asarray(out) for layer, out in zip(model.layers, outputs, strict=True)
    }
    for layer in aware.layers:
        if isinstance(layer, FakeQuantize):
            values = expected[layer.name.removesuffix(".range")]
            np.testing.assert_allclose(float(layer.low), min(values.min(), 0), rtol=1e-5)
            np.testing.assert_allclose(float(layer.high), max(values.max(), 0), rtol=1e-5)


def test_a_range_that_was_learned_stays():
    aware = quantize_aware(network())
    first = next(layer for layer in aware.layers if isinstance(layer, FakeQuantize))
    first.low.assign(-7.0), first.high.assign(7.0), first.seen.assign(1.0)
    calibrate(aware, [IMAGES], "mse")
    assert (float(first.low), float(first.high)) == (-7.0, 7.0)


def test_values_that_are_not_finite_are_refused_by_layer():
    model = network()
    model.get_layer("stem").kernel.assign(np.full((3, 3, 1, 4), np.inf))
    with pytest.raises(ValueError, match=r"finite numbers on the calibration.*Received: relu from"):
        calibrate(quantize_aware(model), [IMAGES], "mse")


def test_corrected_biases_keep_the_means_of_the_float_model():
    model = network()
    images = IMAGES + 3.0  # the rounding of a kernel shifts the mean where inputs have one
    aware = quantize_aware(model)
    stem = next(layer for layer in aware.layers if layer.name == "stem.rounded")
    target = keras.Model(model.input, model.get_layer("stem").output)(images)
    wanted = np.asarray(target).mean((0, 1, 2))
    before = np.asarray(stem(images)).mean((0, 1, 2))
    correct_biases(aware, [images])
    after = np.asarray(stem(images)).mean((0, 1, 2))
    assert np.abs(before - wanted).max() > 1e-4
    np.testing.assert_allclose(after, wanted, atol=1e-5)


def test_a_model_without_rounding_answers_as_the_float_one():
    model = network()
    plain = without_rounding(quantize_aware(model))
    np.testing.assert_allclose(np.asarray(plain(IMAGES)), np.asarray(model(IMAGES)), atol=1e-6)
