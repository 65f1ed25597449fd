"""A photograph of 1024 pixels through a file for 64: as the whole through Keras, without seams."""

import keras
import numpy as np
import pytest
import skimage.data
from keras import layers
from PIL import Image

from kerascnn import edge, export

TILE = 64


@pytest.fixture(scope="module")
def photograph():
    return Image.fromarray(skimage.data.astronaut()).resize((1024, 1024), Image.Resampling.LANCZOS)


def network(side):
    keras.utils.set_random_seed(0)
    image = keras.Input((side, side, 3), name="image")
    x = layers.Conv2D(8, 9, padding="same", activation="relu", kernel_initializer="he_normal")(
        image
    )
    x = layers.Conv2D(8, 5, padding="same", activation="relu", kernel_initializer="he_normal")(x)
    x = layers.Conv2D(3, 5, padding="same")(x)
    return keras.Model(image, layers.Add()([image, 0.1 * x]))


@pytest.fixture(scope="module", params=["float32", "int8"])
def errors(request, photograph, tmp_path_factory):
    """Give the function from an overlap to the difference of the tiles from the whole."""
    whole = network(None)
    small = network(TILE)
    small.set_weights(whole.get_weights())
    pixels = np.asarray(photograph, np.float32) / 255
    patches = pixels.reshape(16, TILE, 16, TILE, 3).swapaxes(1, 2).reshape(-1, TILE, TILE, 3)
    path = tmp_path_factory.mktemp("files") / "model.tflite"
    export.to_tflite(
        small,
        path,
        quantize=request.param,
        calibration=patches[::8] if request.param == "int8" else None,
        metadata=edge.Metadata(task="restoration", mean=(0.0,), std=(255.0,)),
    )
    model, expected = edge.load(path), whole.predict(pixels[None], verbose=0)[0]
    return lambda overlap: edge.tiled(model, photograph, overlap=overlap) - expected


def steps(errors, starts):
    """Compare how far errors jump where tiles begin with how far they jump elsewhere."""
    jumps = np.abs(np.diff(errors, axis=1)).mean(axis=(0, 2))
    seams = np.isin(np.arange(len(jumps)), np.array(starts) - 1)
    return jumps[seams].mean() / jumps[~seams].mean()


def test_no_seam_is_left_where_tiles_overlap(errors):
    beside = errors(0)
    assert steps(beside, range(TILE, 1024, TILE)) > 1.5  # the measure sees seams
    blended = errors(None)
    assert steps(blended, range(48, 960, 48)) < 1.1
    assert np.abs(blended).mean() < np.abs(beside).mean()
