"""The whole road on the command line: train, evaluate, export, inspect, run, benchmark."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kerascnn.cli import main

BLOCKED = """
import sys
sys.modules.update(dict.fromkeys(("tensorflow", "keras", "matplotlib", "sklearn")))
from kerascnn.cli import main
main()
"""


def command_line(*words, device=False):
    start = BLOCKED if device else "from kerascnn.cli import main; main()"
    return [sys.executable, "-c", start, *map(str, words)]


def kerascnn(*words, device=False, check=True):
    """Run the command as a script would; on a device nothing but the edge extra is importable."""
    command = command_line(*words, device=device)
    return subprocess.run(command, capture_output=True, text=True, check=check, timeout=300)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """LeNet-5 after one epoch on digits, exported to int8."""
    folder = tmp_path_factory.mktemp("runs") / "lenet5"
    kerascnn("train", "lenet5", "--data", "digits", "--epochs", 1, "--run", folder)
    kerascnn("export", folder, "--quantize", "int8")
    return folder


def test_a_run_folder_explains_itself(run):
    names = {path.name for path in run.iterdir()}
    assert {"config.json", "history.csv", "model.keras", "curves.png", "predictions.png"} <= names
    assert "model_int8.tflite" in names
    config = json.loads((run / "config.json").read_text())
    assert (config["system"], config["data"], config["epochs"]) == ("lenet5", "digits", 1)


def test_the_maps_of_an_encoder_are_drawn(run, call):
    assert call(main, "visualize", run, "--layer", "stage1")[0] == 0
    with Image.open(run / "stage1.png") as picture:
        assert picture.size[1] > 300
    code, _, errors = call(main, "visualize", run, "--layer", "stage8", "--save", "maps.png")
    assert (code, "Its stages: stage1" in errors) == (1, True)
    assert not Path("maps.png").exists()


def test_ctrl_c_keeps_the_last_epoch_and_resume_goes_on(tmp_path):
    folder = tmp_path / "run"
    options = ("--data-option", "size=16", "--epochs", 500, "--run", folder)
    command = command_line("train", "lenet5", *options)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        next(line for line in process.stderr if line.startswith("epoch 2/"))
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert f"kerascnn train --resume {folder}" in errors
    assert not (folder / "model.keras").exists()
    done = len((folder / "history.csv").read_text().splitlines()) - 1
    assert 2 <= done < 500

    kerascnn("train", "--resume", folder, "--epochs", done + 1)
    history = (folder / "history.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in history[1:]] == [str(i) for i in range(1, done + 2)]
    assert (folder / "model.keras").exists()


def test_evaluation_scores_keras_and_the_files(run):
    scores = json.loads(kerascnn("evaluate", run, "--json").stdout)
    assert set(scores) == {"keras", "model_int8.tflite"}
    assert abs(scores["keras"]["accuracy"] - scores["model_int8.tflite"]["accuracy"]) <= 0.02


def test_a_device_labels_a_picture(run, tmp_path):
    picture = tmp_path / "digit.png"
    Image.fromarray(np.full((40, 40), 200, np.uint8)).save(picture)
    words = ("run", run / "model_int8.tflite", picture, "--top-k", 3, "--json")
    classes = json.loads(kerascnn(*words, device=True).stdout)
    assert len(classes) == 3
    assert {one["label"] for one in classes} <= set("0123456789")
    assert classes[0]["score"] >= classes[1]["score"] >= classes[2]["score"]


def test_a_device_draws_its_result(run, tmp_path):
    picture, drawn = tmp_path / "digit.png", tmp_path / "drawn.png"
    Image.new("L", (40, 40)).save(picture)
    kerascnn("run", run / "model_int8.tflite", picture, "--save", drawn, device=True)
    with Image.open(drawn) as image:
        assert min(image.size) >= 40


def test_a_device_inspects_and_benchmarks(run):
    inspected = json.loads(
        kerascnn("inspect", run / "model_int8.tflite", "--json", device=True).stdout
    )
    assert "CONV_2D" in json.dumps(inspected)
    words = ("benchmark", run / "model_int8.tflite", "--runs", 3, "--json")
    measured = json.loads(kerascnn(*words, device=True).stdout)
    assert next(iter(measured.values()))["median_ms"] > 0


def test_a_device_is_told_what_training_needs():
    process = kerascnn("train", "lenet5", device=True, check=False)
    assert process.returncode == 1
    assert 'pip install "kerascnn[train]"' in process.stderr


def test_doctor_works_on_a_device():
    found = json.loads(kerascnn("doctor", "--json", device=True).stdout)
    assert any(runtime["usable"] for runtime in found["runtimes"])


def test_piped_tables_are_plain(run):
    listed = kerascnn("list", "resnet5*").stdout
    assert listed.isascii()
    assert listed.splitlines()[1].split()[:3] == ["resnet50", "classification", "25,636,712"]


def test_a_failed_export_leaves_the_good_file(run, tmp_path):
    good = run / "model_int8.tflite"
    before = good.read_bytes()
    np.save(tmp_path / "bad.npy", np.full((4, 32, 32, 1), np.nan, "float32"))
    words = ("export", run, "--inputs", tmp_path / "bad.npy", "--output", good)
    process = kerascnn(*words, check=False)
    assert process.returncode == 1
    assert "nan" in process.stderr.lower()
    assert good.read_bytes() == before


def test_the_layers_that_lost_most_come_with_their_remedies(run, tmp_path):
    words = ("debug", run, run / "model_int8.tflite", "--plot", tmp_path / "layers.png", "--json")
    found = json.loads(kerascnn(*words).stdout)
    ratios = [layer["sqnr_db"] for layer in found["layers"]]
    assert ratios == sorted(ratios)
    assert len(ratios) >= 5
    with Image.open(tmp_path / "layers.png") as picture:
        assert picture.width > 100


def test_an_export_takes_an_observer_and_writes_a_page(run, tmp_path):
    page = tmp_path / "m.html"
    options = ("--observer", "mse", "--html", page, "--output", tmp_path / "m.tflite", "--json")
    report = json.loads(kerascnn("export", run, *options).stdout)
    assert report["float_operators"] == []
    assert "CONV_2D" in page.read_text()


def test_an_export_to_a_missing_folder_fails_before_the_conversion(run, tmp_path):
    process = kerascnn("export", run, "--output", tmp_path / "no" / "x.tflite", check=False)
    assert process.returncode == 1
    assert str(tmp_path / "no") in process.stderr
