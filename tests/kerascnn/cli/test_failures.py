"""Bad input gives one line that says what to do, and an exit code; nothing good is lost."""

from functools import partial

import numpy as np
import pytest
from PIL import Image

from kerascnn.cli import main


@pytest.fixture
def kerascnn(call):
    """Run `kerascnn`."""
    return partial(call, main)


def npz(path, **columns):
    rng = np.random.default_rng(0)
    image = rng.uniform(size=(40, 32, 32, 1)).astype("float32")
    label = np.arange(40) % 4
    np.savez(path, **{"image": image, "label": label, **columns})
    return path


def nan_images():
    image = np.zeros((40, 32, 32, 1), "float32")
    image[7, 0, 0, 0] = np.nan
    return image


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["export", "nowhere"], "must be a run folder or a .keras file. Received: nowhere"),
        (["train", "lenet"], "Nearest: lenet5"),
        (["train", "lenet5", "--data", "digit"], "Nearest: digits"),
        (["train", "lenet5", "--task", "classify"], "classification"),
        (["train", "lenet5", "--data-option", "size"], "key=value"),
        (["train", "lenet5", "--data-option", "sise=3"], "size"),
        (["train", "--resume", "nowhere"], "config.json"),
        (["train"], "Name a system"),
        (["evaluate", "nowhere"], "config.json"),
        (["export", "nowhere.keras"], "nowhere.keras"),
        (["debug", "nowhere.keras", "nowhere.tflite"], "nowhere.keras"),
        (["inspect", "nowhere.tflite"], "nowhere.tflite"),
        (["run", "nowhere.tflite", "x.png"], "nowhere.tflite"),
        (["benchmark", "nowhere.tflite"], "nowhere.tflite"),
        (["results", "resnet51"], "resnet50"),
    ],
)
def test_wrong_words_are_one_line_with_a_remedy(kerascnn, words, expected):
    code, out, err = kerascnn(*words)
    assert code == 1
    assert out == ""
    assert expected in err
    assert err.startswith("error: ")
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"image": nan_images()}, "7"),
        ({"label": np.arange(40) - 1}, "-1"),
        ({"image": np.zeros((40, 32), "float32")}, "(40, 32)"),
        ({"label": np.arange(39)}, "39"),
        ({"image": np.zeros((0, 32, 32, 1), "float32"), "label": np.zeros(0)}, "image"),
    ],
)
def test_bad_data_is_named_before_any_training(kerascnn, tmp_path, columns, expected):
    path = npz(tmp_path / "data.npz", **columns)
    code, _, err = kerascnn("train", "lenet5", "--data", path, "--run", tmp_path / "run")
    assert code == 1
    assert expected in err
    assert len(err.strip().splitlines()) == 1


def test_debug_shows_the_traceback(monkeypatch):
    with pytest.raises(ValueError, match="Nearest: lenet5"):
        main(["train", "lenet", "--debug"])


def test_bad_usage_has_its_own_exit_code(kerascnn):
    assert kerascnn("train", "lenet5", "--epochs", "many")[0] == 2
    assert kerascnn("nonsense")[0] == 2


@pytest.mark.parametrize("content", [b"", b"no model", b"\x1c\x00\x00\x00TFL3" + bytes(64)])
@pytest.mark.parametrize("command", ["inspect", "benchmark", "run"])
def test_a_foreign_file_is_an_error_not_a_crash(kerascnn, tmp_path, content, command):
    path = tmp_path / "foreign.tflite"
    path.write_bytes(content)
    Image.new("RGB", (8, 8)).save(tmp_path / "x.png")
    words = [command, path] + ([tmp_path / "x.png"] if command == "run" else [])
    code, _, err = kerascnn(*words)
    assert code == 1
    assert "foreign.tflite" in err


def test_a_used_run_folder_is_not_overwritten(kerascnn, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "history.csv").write_text("epoch,loss")
    path = npz(tmp_path / "data.npz")
    code, _, err = kerascnn("train", "lenet5", "--data", path, "--run", tmp_path / "run")
    assert code == 1
    assert "--resume" in err
    assert (tmp_path / "run" / "history.csv").read_text() == "epoch,loss"
