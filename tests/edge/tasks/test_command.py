"""`kerascnn run` on files of every task."""

import json
import wave
from functools import partial

import numpy as np
import pytest
from PIL import Image

from kerascnn import edge
from kerascnn.cli import main

GRID = np.zeros((1, 1, 1, 7))
GRID[0, 0, 0] = [0.5, 0.5, 0.5, 0.5, 0.9, 0.1, 0.8]


@pytest.fixture
def command(call):
    """Run `kerascnn run` beside a picture."""
    Image.new("RGB", (40, 30)).save("picture.png")
    return partial(call, main, "run")


@pytest.fixture
def detector(constant):
    return constant(
        {"grid": GRID},
        "detector.tflite",
        task="detection",
        labels=("cat", "dog"),
        detector=edge.Detector(decoder="grid"),
    ).path


def test_detections_are_rows_and_a_picture(command, detector):
    code, out, _ = command(detector, "picture.png", "--save", "drawn.png", "--json")
    assert code == 0
    (row,) = json.loads(out)
    assert row == {
        "label": "dog",
        "score": pytest.approx(0.72),
        **dict.fromkeys(("ymin", "xmin"), 0.25),
        **dict.fromkeys(("ymax", "xmax"), 0.75),
    }
    with Image.open("drawn.png") as image:
        assert len(image.getcolors(100_000)) > 3
    code, out, _ = command(detector, "picture.png")
    assert out.splitlines()[0].split() == ["label", "score", "ymin", "xmin", "ymax", "xmax"]


def test_options_reach_the_task(command, detector):
    code, out, _ = command(detector, "picture.png", "--score-threshold", 0.05, "--json")
    assert (code, len(json.loads(out))) == (0, 2)


def test_nothing_found_is_said(command, detector):
    words = (detector, "picture.png", "--score-threshold", 0.9, "--save", "drawn.png")
    code, out, _ = command(*words)
    assert (code, out.splitlines()[0]) == (0, "Nothing found.")
    assert json.loads(command(*words, "--json")[1]) == []


def test_key_points_are_rows_and_limbs(command, constant):
    points = [[[0.1, 0.1], [0.9, 0.9]]]
    model = constant({"points": points}, task="pose", labels=("nose", "tail"), skeleton=[(0, 1)])
    code, out, _ = command(model.path, "picture.png", "--save", "drawn.png", "--json")
    assert code == 0
    assert [row["name"] for row in json.loads(out)] == ["nose", "tail"]
    with Image.open("drawn.png") as image:
        assert image.getpixel((image.width // 2, image.height // 2)) != (0, 0, 0)


def test_recordings_become_text(command, identity):
    path = identity((1, 8), (1, 4, 2), signature={"x": "sound", "y0": "logits"})
    edge.write_metadata(path, edge.Metadata(task="speech", labels=("a",)))
    with wave.open("sound.wav", "wb") as file:
        file.setparams((1, 2, 8_000, 0, "NONE", ""))
        file.writeframes(np.int16([30_000, 0, 0, 30_000, 30_000, 0]).tobytes())
    code, out, _ = command(path, "sound.wav", "--save", "text.png", "--beams", 2, "--json")
    assert code == 0
    assert {row["text"] for row in json.loads(out)} <= {"", "a", "aa"}
    assert len(json.loads(out)) == 2
    with Image.open("text.png") as image:
        assert image.height > 20


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("picture.png", "--top-k", 3), "no use for these. Received: --top-k"),
        (("picture.png", "--decoder", "detector.tflite"), "Received: --decoder"),
        ((), "needs a picture"),
        (("none.png",), "none.png"),
    ],
)
def test_what_the_task_does_not_take_is_an_error(command, detector, words, message):
    code, _, err = command(detector, *words)
    assert code == 1
    assert message in err


def test_a_caption_needs_its_decoder(command, constant):
    model = constant({"features": [[1.0]]}, task="captioning")
    code, _, err = command(model.path, "picture.png")
    assert (code, "needs --decoder" in err) == (1, True)
    code, _, err = command(model.path, "picture.png", "--decoder", model.path)
    assert (code, "token or tokens" in err) == (1, True)


def test_a_generator_takes_no_picture(command, identity):
    path = identity((1, 12), (1, 2, 2, 3))
    edge.write_metadata(path, edge.Metadata(task="generation"))
    assert json.loads(command(path, "--count", 3, "--json")[1]) == {"pictures": "3x2x2x3"}
    code, _, err = command(path, "picture.png")
    assert (code, "picture.png" in err) == (1, True)
