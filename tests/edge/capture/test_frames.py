"""Pictures out of files, folders, films and cameras."""

import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kerascnn import edge


def grey(path, level):
    Image.new("L", (5, 3), level).save(path)
    return path


def film(path, levels):
    pictures = [Image.new("RGB", (5, 3), (level, 0, 0)) for level in levels]
    # Pillow joins equal neighbours, so the levels must differ.
    pictures[0].save(path, save_all=True, append_images=pictures[1:], lossless=True)
    return path


def reds(frames):
    return [int(frame.pixels[0, 0, 0]) for frame in frames]


def test_a_picture_is_one_frame(tmp_path):
    (frame,) = edge.frames(grey(tmp_path / "a.png", 7))
    assert frame.name == "a"
    np.testing.assert_array_equal(frame.pixels, np.full((3, 5, 1), 7, np.uint8))


def test_a_folder_is_read_by_name(tmp_path):
    for name, level in (("b.png", 2), ("a.PNG", 1), ("c.bmp", 3), ("c.png", 4)):
        grey(tmp_path / name, level)
    (tmp_path / "notes.txt").write_text("no picture")
    frames = list(edge.frames(tmp_path))
    assert [frame.name for frame in frames] == ["a", "b", "c.bmp", "c.png"]
    assert reds(frames) == [1, 2, 3, 4]


@pytest.mark.parametrize("ending", ["gif", "png", "webp"])
def test_an_animation_is_a_film(tmp_path, ending):
    path = film(tmp_path / f"film.{ending}", [0, 50, 100, 150, 200])
    frames = list(edge.frames(path))
    assert [frame.name for frame in frames] == [f"film_{i:06d}" for i in range(5)]
    assert reds(frames) == [0, 50, 100, 150, 200]


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ({"every": 2}, [0, 100, 200]),
        ({"limit": 2}, [0, 50]),
        ({"every": 3, "limit": 1}, [0]),
        ({"every": 3, "limit": 9}, [0, 150]),
    ],
)
def test_frames_are_left_out_and_counted(tmp_path, options, numbers):
    path = film(tmp_path / "film.gif", [0, 50, 100, 150, 200])
    assert reds(edge.frames(path, **options)) == numbers


def test_a_video_is_decoded_only_where_it_is_taken(tmp_path, library):
    cv2 = library("cv2")
    (tmp_path / "film.mp4").write_text("10")
    frames = list(edge.frames(tmp_path / "film.mp4", every=4))
    assert [frame.name for frame in frames] == ["film_000000", "film_000004", "film_000008"]
    np.testing.assert_array_equal(frames[1].pixels[0, 0], [4, 20, 30])
    (capture,) = cv2.captures
    assert (capture.decoded, capture.opened) == (3, False)


def test_a_webcam_is_read_until_the_caller_stops(library):
    cv2 = library("cv2")
    frames = edge.frames("0")
    assert reds(islice(frames, 3)) == [15, 16, 17]
    frames.close()
    (capture,) = cv2.captures
    assert capture.settings == {cv2.CAP_PROP_BUFFERSIZE: 1}
    assert not capture.opened


def test_the_camera_of_a_raspberry_pi_comes_first_and_gives_red_green_blue(library):
    library("cv2")
    picamera2 = library("picamera2")
    (frame,) = edge.frames("camera", limit=1)
    assert frame.name == "camera_000000"
    assert frame.pixels.shape == (480, 640, 3)
    np.testing.assert_array_equal(frame.pixels[0, 0], [255, 0, 0])
    assert [(camera.state, camera.taken) for camera in picamera2.cameras] == [("closed", 16)]


@pytest.mark.parametrize("name", ["cv2", "picamera2"])
def test_a_missing_camera_is_an_error(library, name):
    library(name)
    with pytest.raises(ValueError, match=r"attached and free: 3\. Received"):
        next(edge.frames(3))


def test_missing_libraries_are_named(tmp_path, no_libraries):
    (tmp_path / "film.mp4").write_text("10")
    with pytest.raises(ImportError, match="pip install opencv-python-headless"):
        next(edge.frames(tmp_path / "film.mp4"))
    with pytest.raises(ImportError, match=r"python3-picamera2.*opencv-python-headless"):
        next(edge.frames("camera"))


def test_a_library_made_for_another_numpy_says_what_to_do(tmp_path, monkeypatch, no_libraries):
    error = "numpy.dtype size changed, may indicate binary incompatibility"
    (tmp_path / "picamera2.py").write_text(f"raise ValueError({error!r})")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "picamera2")
    with pytest.raises(ImportError, match=r'picamera2 must fit.*pip install "numpy<2".*dtype size'):
        next(edge.frames("camera"))


def test_a_file_that_is_no_video_is_an_error(tmp_path, library):
    library("cv2")
    (tmp_path / "film.mp4").write_text("no number")
    with pytest.raises(ValueError, match=r"film\.mp4\. Received: no picture"):
        next(edge.frames(tmp_path / "film.mp4"))


def test_a_damaged_picture_is_named(tmp_path):
    path = film(tmp_path / "film.gif", range(0, 250, 5))
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(ValueError, match=r"film\.gif"):
        list(edge.frames(path))
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(ValueError, match=r"text\.png"):
        edge.frames(tmp_path / "text.png")


def test_a_path_is_no_camera(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    grey("camera.png", 9)
    Path("camera.png").rename("camera")
    assert reds(edge.frames(Path("camera"))) == [9]


@pytest.mark.parametrize(
    ("source", "options", "error"),
    [
        ("nowhere", {}, FileNotFoundError),
        ("nowhere.mp4", {}, FileNotFoundError),
        (-1, {}, FileNotFoundError),
        (".", {}, ValueError),
        ("camera", {"every": 0}, ValueError),
        ("camera", {"limit": 0}, ValueError),
    ],
)
def test_wrong_sources_are_errors_before_the_first_frame(
    tmp_path, monkeypatch, source, options, error
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match="Received"):
        edge.frames(source, **options)
