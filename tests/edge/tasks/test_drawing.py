"""Results as pictures."""

import numpy as np
import pytest

from kerascnn import edge
from kerascnn.edge.tasks.drawing import palette

PICTURE = np.full((120, 240, 3), (10, 200, 30), np.uint8)


def test_the_palette_is_that_of_pascal_voc():
    expected = [[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0], [0, 0, 128]]
    np.testing.assert_array_equal(palette(256)[:5], expected)
    np.testing.assert_array_equal(
        palette(256)[[8, 15, 20]], [[64, 0, 0], [192, 128, 128], [0, 64, 128]]
    )
    assert len(np.unique(palette(256), axis=0)) == 256


def test_labels_stand_under_the_picture():
    classes = [edge.Class("seven", 0.9, 7), edge.Class("one", 0.1, 1)]
    sheet = np.asarray(edge.draw(PICTURE, classes))
    np.testing.assert_array_equal(sheet[:240, :480], np.broadcast_to(PICTURE[0, 0], (240, 480, 3)))
    below = sheet[240:]
    assert below.shape[0] > 20
    assert below.max() > 200
    other = np.asarray(edge.draw(PICTURE, [edge.Class("six", 0.9, 6), classes[1]]))[240:]
    assert (other != below).any()


def test_masks_tint_all_but_the_background():
    mask = np.zeros((2, 2), np.int32)
    mask[0, 1] = 2
    sheet = np.asarray(edge.draw(PICTURE, mask))
    assert sheet.shape == (240, 480, 3)
    assert (sheet[:, :240] == PICTURE[0, 0]).all()
    assert (sheet[120:] == PICTURE[0, 0]).all()
    tinted = (PICTURE[0, 0] + palette(3)[2].astype(int)) / 2
    np.testing.assert_allclose(sheet[:120, 240:], np.broadcast_to(tinted, (120, 240, 3)), atol=1)


def test_reconstructions_stand_beside_the_picture():
    sheet = np.asarray(edge.draw(PICTURE, np.full((8, 16, 1), 99, np.uint8)))
    assert sheet.shape[0] == 240
    assert (sheet[:, :480] == PICTURE[0, 0]).all()
    assert (sheet[:, -480:] == 99).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_generated_pictures_stand_in_a_grid(channels):
    pictures = np.repeat(np.arange(10, 60, 10, dtype=np.uint8), 100 * 100 * channels)
    sheet = np.asarray(edge.draw(None, pictures.reshape(5, 100, 100, channels)))
    assert sheet.shape == (400, 600, 3)
    levels = sheet.reshape(2, 200, 3, 200, 3).transpose(0, 2, 1, 3, 4).reshape(6, -1)
    np.testing.assert_array_equal(levels, np.repeat([[10], [20], [30], [40], [50], [0]], 120000, 1))


@pytest.mark.parametrize(
    ("image", "result"),
    [
        (PICTURE, np.zeros(8, np.float32)),
        (PICTURE, []),
        (PICTURE, "seven"),
        (None, np.zeros((2, 2), np.int32)),
        (None, [edge.Class("seven", 0.9, 7)]),
    ],
)
def test_what_cannot_be_drawn_is_an_error(image, result):
    with pytest.raises(ValueError, match="can be drawn"):
        edge.draw(image, result)
