"""The picture of what the maps of an encoder respond to."""

import keras
import numpy as np
import pytest
from keras import layers

from kerascnn.tasks import feature_maps
from kerascnn.tasks.feature_maps import draw_feature_maps

RNG = np.random.default_rng(0)


@pytest.fixture
def bright():
    """An encoder whose map 1 responds to brightness and map 0 to nothing."""
    image = keras.Input((6, 6, 1))
    convolution = layers.Conv2D(2, 3, padding="same", activation="relu", name="top")
    model = keras.Model(image, convolution(image))
    kernel = np.zeros((3, 3, 1, 2))
    kernel[..., 1] = 1 / 9
    convolution.set_weights([kernel, np.zeros(2)])
    return model


def test_it_shows_the_images_of_the_strongest_responses(bright, monkeypatch):
    drawn = []
    gallery = feature_maps.gallery
    monkeypatch.setattr(
        feature_maps,
        "gallery",
        lambda sections, **o: drawn.extend(sections) or gallery(sections, **o),
    )
    levels = RNG.permutation(20) / 20
    images = np.broadcast_to(levels[:, None, None, None], (20, 6, 6, 1)).astype("float32")
    picture = draw_feature_maps(bright, images, "top", maps=1)
    projections, patches = drawn[0].tiles
    assert projections.caption == "map 1"  # the one that tells images apart
    shown = [patches.image[4 * row, 4 * column, 0] for row in range(3) for column in range(3)]
    np.testing.assert_allclose(shown, np.sort(levels)[::-1][:9], rtol=1e-6)
    assert patches.image.shape == (11, 11, 1)  # squares of 3 pixels: the receptive field
    assert projections.image.max() == 1.0
    assert picture.size[0] > picture.size[1]


def test_inputs_of_another_range_are_the_models(bright):
    images = RNG.uniform(size=(9, 6, 6, 1)).astype("float32")
    same = draw_feature_maps(bright, images, "top", maps=[1])
    darker = draw_feature_maps(bright, images, "top", maps=[1], inputs=images - 10)
    assert np.any(np.asarray(same) != np.asarray(darker))


@pytest.mark.parametrize(
    ("count", "maps", "message"), [(8, 1, "9 or more"), (9, [1, 2], "0 to 1. Received: 2")]
)
def test_too_few_images_and_missing_maps_are_refused(bright, count, maps, message):
    with pytest.raises(ValueError, match=message):
        draw_feature_maps(bright, np.zeros((count, 6, 6, 1), "float32"), "top", maps=maps)
