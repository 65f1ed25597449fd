"""What is joined with a pool keeps its own range in int8, and so does what the pool reads.

Left alone, the converter gives all that a concatenation joins one range, and through a pool what
the pool reads as well: clipped where the pool averages, coarse where another branch is wide.
"""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerascnn import edge, export

IMAGES = np.random.default_rng(0).normal(size=(64, 8, 8, 4)).astype("float32")
BRANCHES = {
    "average": layers.AveragePooling2D(3, 1, padding="same"),
    "maximum": layers.MaxPooling2D(3, 1, padding="same"),
    "operation": lambda x: ops.max_pool(x, 3, 1, "same"),
    "global": lambda x: layers.UpSampling2D(8)(layers.GlobalMaxPooling2D(keepdims=True)(x)),
    "padded": lambda x: layers.ZeroPadding2D(1)(layers.AveragePooling2D(3, 1)(x)),
    "resized": lambda x: layers.Resizing(8, 8)(x[:, ::4, ::4]),
    "dropped": lambda x: layers.Dropout(0.5)(layers.AveragePooling2D(3, 1, padding="same")(x)),
}
JOINS = {
    "concatenation": layers.Concatenate(name="both"),
    "maximum": layers.Maximum(name="both"),
    "minimum": lambda both: ops.minimum(*both),
    "rows": lambda both: ops.concatenate(both, axis=1),
    "stack": lambda both: ops.stack(both, axis=1),
}


def model_of(branch, scale, join=JOINS["concatenation"]):
    """A convolution of some scale beside a branch that only moves numbers."""
    start = keras.initializers.RandomNormal(stddev=scale, seed=1)
    conv = layers.Conv2D(4, 3, padding="same", kernel_initializer=start, name="conv")
    image = keras.Input((8, 8, 4), name="image")
    return keras.Model(image, join([conv(image), branch(image)]))


def decibels(expected, given):
    noise = np.square(np.asarray(expected) - np.asarray(given)).mean()
    return 10 * np.log10(np.square(expected).mean() / noise)


def exported(model, path, **options):
    report = export.to_tflite(model, path, **{"quantize": "int8"} | options)
    return report, np.asarray(edge.load(path)(IMAGES))


@pytest.mark.parametrize("scale", [0.01, 3.0], ids=["narrow", "wide"])
@pytest.mark.parametrize("name", BRANCHES)
def test_calibrated_on_samples_each_branch_answers_as_keras_does(name, scale, tmp_path):
    model = model_of(BRANCHES[name], scale)
    report, given = exported(model, tmp_path / "apart.tflite", calibration=IMAGES)
    expected = np.asarray(model(IMAGES))
    assert decibels(expected, given) > 28
    assert report.float_operators == ()


@pytest.mark.parametrize("name", JOINS)
def test_all_that_joins_does(name, tmp_path):
    model = model_of(BRANCHES["average"], 3.0, JOINS[name])
    _, given = exported(model, tmp_path / "apart.tflite", calibration=IMAGES)
    assert decibels(model(IMAGES), given) > 28


@pytest.mark.parametrize("scale", [0.01, 3.0], ids=["narrow", "wide"])
def test_learned_ranges_do(scale, tmp_path):
    model = model_of(BRANCHES["average"], scale)
    aware = export.quantize_aware(model)
    aware(IMAGES, training=True)
    _, given = exported(aware, tmp_path / "learned.tflite")
    assert decibels(model(IMAGES), given) > 28
    assert decibels(aware(IMAGES), given) > 28


def test_16_bits_need_nothing(tmp_path):
    model = model_of(BRANCHES["average"], 0.01)
    options = {"quantize": "int16", "calibration": IMAGES}
    _, given = exported(model, tmp_path / "wide.tflite", **options)
    assert decibels(model(IMAGES), given) > 40


def test_ranges_are_those_of_the_tensors_not_of_what_is_written_over_them(tmp_path):
    """The calibrator of the converter reads buffers that were used again, and gave 0 dB here."""
    image = keras.Input((8, 8, 4), name="image")
    x = ops.mean(layers.Conv2D(16, 3, activation="relu")(image), (1, 2))
    model = keras.Model(image, x * np.arange(1000, 1016, dtype="float32") + 3.0)
    _, given = exported(model, tmp_path / "scaled.tflite", calibration=IMAGES)
    assert decibels(model(IMAGES), given) > 30
