"""Pictures to inputs, and outputs to pictures."""

import sys

import numpy as np
import pytest
from PIL import Image

from kerascnn import edge
from kerascnn.edge.tasks.picture import prepare, read, resize, restore

RANDOM = np.random.default_rng(0)
COLOUR = RANDOM.integers(0, 256, (5, 7, 3), np.uint8)
GREY = RANDOM.integers(0, 256, (5, 7), np.uint8)


def spec(height=5, width=7, channels=3):
    return edge.TensorSpec("x", (1, height, width, channels), np.dtype("float32"))


def test_pixels_are_shifted_and_scaled_per_channel():
    metadata = edge.Metadata(mean=(10.0, 20.0, 30.0), std=(2.0, 4.0, 8.0))
    result = prepare(COLOUR, spec(), metadata)
    assert (result.shape, result.dtype) == ((1, 5, 7, 3), np.float32)
    np.testing.assert_allclose(result[0], (COLOUR - np.array([10, 20, 30])) / [2, 4, 8])


def test_without_a_description_pixels_become_zero_to_one():
    np.testing.assert_array_equal(
        prepare(GREY, spec(channels=1), edge.Metadata())[0, ..., 0], GREY.astype(np.float32) / 255
    )


def test_bgr_models_get_the_channels_reversed():
    metadata = edge.Metadata(channel_order="BGR", std=(1.0,))
    np.testing.assert_array_equal(prepare(COLOUR, spec(), metadata)[0], COLOUR[..., ::-1])
    np.testing.assert_array_equal(
        restore(np.float32(COLOUR[None]) / 255, edge.Metadata(channel_order="BGR"))[0],
        COLOUR[..., ::-1],
    )


def test_colour_becomes_grey_as_in_pillow():
    expected = np.asarray(Image.fromarray(COLOUR).convert("L"))
    result = prepare(COLOUR, spec(channels=1), edge.Metadata(std=(1.0,)))
    np.testing.assert_array_equal(result[0, ..., 0], expected)


def test_grey_becomes_colour():
    result = prepare(GREY, spec(), edge.Metadata(std=(1.0,)))
    np.testing.assert_array_equal(result[0], np.stack([GREY] * 3, axis=-1))


def test_opacity_is_left_out():
    picture = np.concatenate([COLOUR, GREY[..., None]], axis=-1)
    np.testing.assert_array_equal(read(picture), COLOUR)
    np.testing.assert_array_equal(read(Image.fromarray(picture)), COLOUR)


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_of_other_sizes_are_stretched(channels):
    flat = np.full((9, 13, channels), 77, np.uint8)
    np.testing.assert_array_equal(resize(flat, 4, 6), np.full((4, 6, channels), 77))
    ramp = np.repeat(np.arange(0, 256, 16, np.uint8)[None, :, None], 3, axis=0)
    np.testing.assert_allclose(
        resize(ramp, 3, 8)[0, 1:-1, 0], ramp[0, 2:-2, 0].reshape(6, 2).mean(1), atol=1
    )


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_files_of_every_mode_are_read(tmp_path, mode):
    path = tmp_path / ("picture.tif" if mode == "CMYK" else "picture.png")
    if mode == "I;16":
        Image.fromarray(GREY.astype(np.uint16) << 8).save(path)
    else:
        Image.fromarray(GREY).convert("RGB").convert(mode).save(path)
    grey = mode in ("1", "L", "LA", "I;16")
    assert read(path).shape == (5, 7, 1 if grey else 3)
    if mode in ("L", "LA", "RGB", "RGBA", "I;16"):
        np.testing.assert_array_equal(read(str(path))[..., 0], GREY)


def test_photographs_are_turned_upright(tmp_path):
    path, image = tmp_path / "turned.png", Image.fromarray(COLOUR)
    exif = image.getexif()
    exif[0x0112] = 6  # turn a quarter clockwise
    image.save(path, exif=exif)
    np.testing.assert_array_equal(read(path), np.rot90(COLOUR, -1))


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (COLOUR.astype(np.float32), "float32"),
        (COLOUR[..., :2], r"\(5, 7, 2\)"),
        (COLOUR[None], r"\(1, 5, 7, 3\)"),
        (np.zeros((0, 7), np.uint8), "has pixels"),
        (3, "Received: int"),
        ([[1, 2], [3, 4]], "Received: list"),
    ],
)
def test_what_is_no_picture_is_an_error(picture, message):
    with pytest.raises(ValueError, match=message):
        read(picture)


def test_an_unreadable_file_is_an_error(tmp_path):
    path = tmp_path / "picture.png"
    with pytest.raises(FileNotFoundError, match="picture"):
        read(path)
    Image.fromarray(COLOUR).save(path)
    for content in (b"", b"no picture", path.read_bytes()[:60]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"picture\.png"):
            read(path)


def test_a_mean_that_does_not_fit_is_an_error():
    with pytest.raises(edge.ModelError, match="3 channels"):
        prepare(COLOUR, spec(), edge.Metadata(mean=(1.0, 2.0)))


@pytest.mark.parametrize("shape", [(1, 10), (1, 5, 7, 2)])
def test_a_model_without_pictures_is_an_error(shape):
    with pytest.raises(edge.ModelError, match="takes no pictures"):
        prepare(COLOUR, edge.TensorSpec("x", shape, np.dtype("float32")), edge.Metadata())


def test_outputs_become_pixels():
    metadata = edge.Metadata(output_mean=(127.5,), output_std=(127.5,))
    values = np.array([-2, -1, 0, 0.5, 1, 9], np.float32).reshape(1, 2, 3, 1)
    np.testing.assert_array_equal(restore(values, metadata).ravel(), [0, 0, 128, 191, 255, 255])


def test_without_pillow_arrays_of_the_right_size_do(monkeypatch, tmp_path):
    expected = prepare(COLOUR, spec(channels=1), edge.Metadata())
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    np.testing.assert_array_equal(prepare(COLOUR, spec(channels=1), edge.Metadata()), expected)
    for picture in (tmp_path / "picture.png", COLOUR[:3]):
        with pytest.raises(ImportError, match="pip install pillow"):
            prepare(picture, spec(), edge.Metadata())
