"""Results as pictures."""

import numpy as np
import pytest

from kerascnn import edge
from kerascnn.edge.drawing.canvas import bright, palette

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


def changed(sheet):
    """Rows and columns of the first and last pixel that isn't the picture's."""
    where = np.argwhere((sheet != PICTURE[0, 0]).any(axis=-1))
    return (*where.min(axis=0), *where.max(axis=0))


def test_boxes_are_drawn_where_they_are():
    cat, dog = (edge.Detection("", 0.9, index, (0.5, 0.25, 0.75, 0.5)) for index in (0, 1))
    sheet = np.asarray(edge.draw(PICTURE, [cat]))
    assert sheet.shape == (240, 480, 3)
    _, left, bottom, right = changed(sheet)
    np.testing.assert_allclose((left, bottom, right), (120, 180, 240), atol=2)
    np.testing.assert_array_equal(sheet[150, 120], bright(0))
    np.testing.assert_array_equal(np.asarray(edge.draw(PICTURE, [dog]))[150, 120], bright(1))
    assert (sheet[140:170, 130:230] == PICTURE[0, 0]).all()


def test_labels_of_boxes_stay_inside_and_do_not_cover_each_other():
    boxes = [(0, 0.9, 0.4, 1), (0.5, 0.2, 0.9, 0.4), (0.52, 0.21, 0.9, 0.4), (0.97, 0, 1, 0.1)]
    found = [edge.Detection("a long label", 0.9, i, box) for i, box in enumerate(boxes)]
    sheets = [np.asarray(edge.draw(PICTURE, [one])) for one in found]
    whole = np.asarray(edge.draw(PICTURE, found))
    colours = [bright(index) for index in range(4)]
    for sheet, colour in zip(sheets, colours, strict=True):
        # A label is the largest part of a drawing; none loses much of it to another.
        alone, together = ((pixels == colour).all(axis=-1).sum() for pixels in (sheet, whole))
        assert together > 0.7 * alone > 500


def test_nothing_found_leaves_the_picture():
    np.testing.assert_array_equal(
        np.asarray(edge.draw(PICTURE, [])), np.broadcast_to(PICTURE[0, 0], (240, 480, 3))
    )


def test_limbs_join_the_points_of_the_skeleton():
    points = [
        edge.Keypoint(str(i), y, x, 1.0, i)
        for i, (y, x) in enumerate([(0.25, 0.25), (0.25, 0.75), (0.75, 0.25)])
    ]
    skeleton = edge.Metadata(skeleton=((0, 1), (1, 2)))
    plain, joined, missing = (
        np.asarray(edge.draw(PICTURE, listed, metadata))
        for listed, metadata in ((points, None), (points, skeleton), (points[:2], skeleton))
    )
    for sheet in (plain, joined, missing):
        np.testing.assert_array_equal(sheet[60, 120], (255, 255, 255))
        assert (sheet[100:110, 120] == PICTURE[0, 0]).all()
    assert (plain[60, 240] == PICTURE[0, 0]).all()
    np.testing.assert_array_equal(joined[60, 240], bright(0))
    assert (joined[118:123, 238:243] == bright(1)).all(axis=-1).any()
    np.testing.assert_array_equal(missing[60, 240], bright(0))
    assert (missing[120, 240] == PICTURE[0, 0]).all()


@pytest.mark.parametrize(
    "found", [edge.Text("word " * 60, -1.0), edge.Neighbour("w" * 300, 0.9, 0)]
)
def test_long_texts_are_folded(found):
    short = type(found)(*("word", *list(vars(found).values())[1:]))
    one, many = (np.asarray(edge.draw(PICTURE, [text])) for text in (short, found))
    lines = (many.shape[0] - 240) / (one.shape[0] - 240)
    assert (many.shape[1], lines >= 3) == (480, True)
    assert (many[240:, -3:] == 0).all()


def test_texts_about_no_picture_stand_alone():
    sheet = np.asarray(edge.draw(None, [edge.Text("spoken", -1.0)]))
    assert sheet.shape[0] < 60
    assert sheet.max() == 255


@pytest.mark.parametrize(
    ("image", "result"),
    [
        (PICTURE, np.zeros(8, np.float32)),
        (None, []),
        (PICTURE, [edge.Class("seven", 0.9, 7), "seven"]),
        (PICTURE, "seven"),
        (None, np.zeros((2, 2), np.int32)),
        (None, [edge.Class("seven", 0.9, 7)]),
    ],
)
def test_what_cannot_be_drawn_is_an_error(image, result):
    with pytest.raises(ValueError, match="can be drawn"):
        edge.draw(image, result)
