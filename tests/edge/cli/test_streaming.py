"""`kerascnn-edge run` on many pictures."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from kerascnn import edge
from kerascnn.edge.cli import console, streaming

FAKES = Path(__file__).parents[1] / "capture" / "fakes"


def answers(model, source, **options):
    """What the task function gives for each frame."""
    return [edge.classify(model, frame.pixels)[0].label for frame in edge.frames(source, **options)]


def test_every_frame_has_a_line_of_json(command, labelling, film):
    code, out, err = command("run", labelling, "--source", film, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [line["frame"] for line in lines] == [f"film_{i:06d}" for i in range(5)]
    with edge.load(labelling) as model:
        assert [line["result"][0]["label"] for line in lines] == answers(model, film)
    assert err.startswith("5 frames, ")
    assert "frames a second" in err


def test_an_emulated_processor_has_no_rate(command, labelling, film, monkeypatch):
    monkeypatch.setattr(streaming, "emulator", lambda: "/usr/bin/qemu-aarch64")
    err = command("run", labelling, film, "--json")[2]
    assert err.splitlines()[-1] == "5 frames"


def test_every_and_limit_choose_frames(command, labelling, film):
    words = ("run", labelling, film, "--every", 2, "--limit", 2, "--json")
    lines = [json.loads(line)["frame"] for line in command(*words)[1].splitlines()]
    assert lines == ["film_000000", "film_000002"]


def test_plain_lines_end_with_a_summary(command, labelling, film):
    _, out, _ = command("run", labelling, film, "--limit", 1)
    line, summary = out.splitlines()
    assert line.split()[0] == "film_000000"
    assert {"cat", "dog", "owl"} & set(line.split())
    assert summary == "1 frames"


def test_answers_are_drawn_into_a_folder(command, labelling, film, tmp_path):
    code, out, _ = command("run", labelling, film, "--save", "deep/seen")
    names = sorted(path.name for path in (tmp_path / "deep/seen").iterdir())
    assert (code, names) == (0, [f"film_{i:06d}.png" for i in range(5)])
    assert out.splitlines()[-1] == "Written: deep/seen"
    with Image.open(tmp_path / "deep/seen/film_000003.png") as image:
        assert min(image.size) >= 240


def test_a_folder_of_pictures_keeps_their_names(command, labelling, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("b.jpg", "a.png"):
        Image.new("L", (6, 4), 90).save(tmp_path / "in" / name)
    command("run", labelling, "in", "--save", "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "b.png"]


def test_one_picture_is_answered_as_ever(command, labelling, tmp_path):
    Image.new("L", (6, 4), 90).save(tmp_path / "a.jpg")
    (tmp_path / "out").mkdir()
    code, out, _ = command("run", labelling, "--source", "a.jpg", "--save", "out", "--json")
    assert (code, len(json.loads(out))) == (0, 3)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("film.gif", "--save", "out.png"), "saved in a folder. Received: --save out.png"),
        (("film.gif", "--source", "camera"), "one source. Received: film.gif, --source camera"),
        (("inputs.npy", "--every", "2"), "Received: --every with inputs.npy"),
        (("nowhere",), "Received: nowhere"),
        (("film.gif", "--seed", "3"), "Received: --seed"),
    ],
)
def test_wrong_words_are_one_line(command, labelling, film, words, message):
    code, out, err = command("run", labelling, *words)
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert message in err


def test_a_camera_gives_a_labelled_picture(command, labelling, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(FAKES)
    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    words = ("run", labelling, "--source", "camera", "--limit", 1, "--save", "seen.png")
    assert command(*words)[0] == 0
    monkeypatch.delitem(sys.modules, "picamera2")
    with Image.open(tmp_path / "seen.png") as image:
        assert image.width == 640
        assert image.getpixel((320, 240)) == (255, 0, 0)


def test_a_missing_library_is_named(command, labelling, monkeypatch):
    for name in ("cv2", "picamera2"):
        monkeypatch.setitem(sys.modules, name, None)
    code, _, err = command("run", labelling, "--source", "camera")
    assert (code, "python3-picamera2" in err) == (1, True)


@pytest.mark.parametrize(("source", "exit_code"), [("camera", 0), ("film.mp4", 130)])
def test_ctrl_c_ends_with_a_summary(labelling, tmp_path, source, exit_code):
    (tmp_path / "film.mp4").write_text("1000000000")
    start = (
        "import sys; sys.modules['picamera2'] = None; from kerascnn.edge.cli import main; main()"
    )
    words = ["run", labelling, "--source", source, "--json"]
    with subprocess.Popen(
        [sys.executable, "-c", start, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(FAKES)},
    ) as process:
        lines = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGINT)
        out, err = process.stdout.read(), process.stderr.read()
    assert process.returncode == exit_code
    frames = [json.loads(line) for line in (*lines, *out.splitlines())]
    counted = int(re.search(r"(\d+) frames, ", err).group(1))
    assert counted - len(frames) in (0, 1)  # the last answer may be cut off before its line
    assert "Traceback" not in err


def test_a_terminal_shows_a_bar(command, labelling, film, monkeypatch):
    terminal = Console(force_terminal=True, width=100, record=True)
    for module in (console, streaming):
        monkeypatch.setattr(module, "output", terminal)
    command("run", labelling, film)
    shown = terminal.export_text()
    assert "5/5" in shown
    assert "5 frames, " in shown


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([], "nothing found"),
        ([{"label": "cat", "score": 0.98765, "index": 0}], "cat 0.988"),
        ([{"label": str(i), "score": 1.0} for i in range(9)], "0 1, 1 1, 2 1"),
        ({"sky": 0.25, "sea": 0.75}, "sky 0.25, sea 0.75"),
        ({"embedding": [0.125] * 99}, "embedding [0.125, 0.125, 0.125, 0.125, 0.125, 0..."),
    ],
)
def test_an_answer_fits_into_a_line(rows, text):
    assert streaming.summary(rows) == text
