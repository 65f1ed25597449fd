"""uint8 inputs that take pixels as they are."""

import keras
import numpy as np
import pytest
from keras import layers

from kerascnn import edge, export
from kerascnn.export.conversion.pixels import pixel_range

# Neither black nor white is among them: their range is not that of all pixels.
PIXELS = np.random.default_rng(0).integers(60, 180, (24, 8, 8, 3))
METADATA = edge.Metadata(mean=(127.5,), std=(127.5,))


def network():
    keras.utils.set_random_seed(0)
    stack = [layers.Conv2D(8, 3, activation="relu"), layers.Flatten(), layers.Dense(4)]
    return keras.Sequential([keras.Input((8, 8, 3), name="image"), *stack])


def exported(path, metadata, model=None, **options):
    mean, std = (np.float32(v) for v in (METADATA.mean, METADATA.std))
    options = {"quantize": "int8", "input_output": "uint8", "metadata": metadata} | options
    calibration = ((PIXELS - mean) / std).astype("float32")
    return export.to_tflite(model or network(), path, calibration=calibration, **options)


def ends(report):
    (image,) = report.inputs
    return [(pixel - image.zero_point) * image.scale for pixel in (0, 255)]


def test_a_pixel_is_the_integer_that_goes_in(tmp_path):
    report = exported(tmp_path / "model.tflite", METADATA)
    np.testing.assert_allclose(ends(report), [-1, 1], atol=report.inputs[0].scale / 2 + 1e-6)
    assert report.notes == ()
    assert report.parity.outputs[0].sqnr_db > 20


def test_it_is_so_after_training_too(tmp_path):
    aware = export.quantize_aware(network())
    aware(((PIXELS - 127.5) / 127.5).astype("float32"), training=True)
    report = exported(tmp_path / "model.tflite", METADATA, aware)
    np.testing.assert_allclose(ends(report), [-1, 1], atol=report.inputs[0].scale / 2 + 1e-6)


@pytest.mark.parametrize(
    ("metadata", "input_output"), [(None, "uint8"), (METADATA, "int8"), (METADATA, "float32")]
)
def test_other_files_keep_the_range_of_the_samples(tmp_path, metadata, input_output):
    path = tmp_path / "model.tflite"
    report = exported(path, metadata, input_output=input_output)
    assert report.notes == ()
    if input_output == "uint8":
        assert ends(report)[1] - ends(report)[0] < 1.2


@pytest.mark.parametrize(
    "fields",
    [
        {"mean": (100, 120, 130), "std": (50,)},  # a scale that channels don't share
        {"mean": (-100,), "std": (50,)},  # 0 is no value of a pixel
    ],
)
def test_a_report_says_where_pixels_do_not_fit(tmp_path, fields):
    metadata = edge.Metadata(**fields)
    assert pixel_range(metadata, "uint8") is None
    report = exported(tmp_path / "model.tflite", metadata)
    (note,) = report.notes
    assert "'image' doesn't hold the pixels themselves" in note
