"""Calibration on a folder of pictures, beside the pixels that Pillow reads."""

import numpy as np
import pytest
from PIL import Image

from kerascnn.edge import Metadata
from kerascnn.export.conversion.pictures import read_pictures
from kerascnn.export.model import Port, Ports

COLOUR = Ports((Port("image", (None, 4, 6, 3), "float32"),), 0)
GREY = Ports((Port("image", (None, 4, 6, 1), "float32"),), 0)
SCALED = Metadata(mean=(127.5,), std=(127.5,))


@pytest.fixture
def folder(tmp_path):
    for number in range(5):
        place = tmp_path / f"class{number % 2}"
        place.mkdir(exist_ok=True)
        Image.new("RGB", (12, 8), (10 * number, 100, 255)).save(place / f"{number}.png")
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def test_pictures_are_sized_and_scaled_as_the_model_takes_them(folder):
    given = read_pictures(folder, COLOUR, SCALED, limit=10)
    assert (given.shape, given.dtype) == ((5, 4, 6, 3), np.float32)
    reds = [0, 20, 40, 10, 30]  # the folders in the order of their names
    np.testing.assert_allclose(given[:, 0, 0, 0], (np.array(reds) - 127.5) / 127.5)
    np.testing.assert_allclose(given[..., 2], 1.0)


def test_colours_become_grey_where_the_model_takes_grey(folder):
    given = read_pictures(folder, GREY, Metadata(), limit=10)
    luma = np.asarray(Image.new("RGB", (1, 1), (0, 100, 255)).convert("L"))[0, 0] / 255
    assert given.shape == (5, 4, 6, 1)
    np.testing.assert_allclose(given[0], luma)


def test_a_large_folder_is_thinned_out_evenly(folder):
    given = read_pictures(folder, COLOUR, Metadata(), limit=3)
    np.testing.assert_allclose(given[:, 0, 0, 0] * 255, [0, 40, 30], atol=1e-4)


@pytest.mark.parametrize(
    ("taken", "metadata", "message"),
    [
        (Ports((Port("code", (None, 7), "float32"),), 0), SCALED, r"H, W, 1 or 3.*\(None, 7\)"),
        (COLOUR, None, "needs metadata=Metadata"),
    ],
)
def test_a_folder_that_says_too_little_is_refused(folder, taken, metadata, message):
    with pytest.raises(ValueError, match=message):
        read_pictures(folder, taken, metadata, limit=3)


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a folder with pictures.*Received: "):
        read_pictures(tmp_path, COLOUR, SCALED, limit=3)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"must be readable.*broken\.png"):
        read_pictures(tmp_path, COLOUR, SCALED, limit=3)
