"""tensorflow-model-optimization as a part that plugs in, and as a judge.

Everything of it runs in one process of its own: importing it may change `tf.keras` for good.
"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from kerascnn import export


def run(folder, part):
    script = Path(__file__).with_name("tfmot_process.py")
    command = [sys.executable, script, folder, part]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "found.json").read_text())


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return run(tmp_path_factory.mktemp("plug"), "plug")


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judge")
    return folder, run(folder, "judge")


def kinds(path):
    return Counter((node.name, node.dtype) for node in export.inspect(path).nodes)


def test_importing_it_leaves_keras_and_the_environment_alone(found):
    assert found["keras"].startswith("3.")
    assert found["environment"] is None


@pytest.mark.slow
def test_its_training_is_not_better_than_ours(judged):
    _, found = judged
    assert found["float"] > 0.95
    assert found["ours"] > found["theirs"] - 0.005


@pytest.mark.slow
def test_its_file_has_the_operators_and_types_of_ours(judged):
    folder, _ = judged
    ours = kinds(folder / "ours.tflite")
    assert ours == kinds(folder / "theirs.tflite")
    assert ours["CONV_2D", "int8"] == 3


@pytest.mark.slow
def test_dilated_and_transposed_convolutions_are_float_in_its_file_and_int8_in_ours(judged):
    folder, _ = judged
    theirs = {node.name for node in export.inspect(folder / "theirs_wide.tflite").float_operators}
    assert theirs & {"CONV_2D", "TRANSPOSE_CONV"}
    assert not export.inspect(folder / "ours_wide.tflite").float_operators


def test_its_quantizers_train_and_convert_inside_our_model(found):
    assert found["plugged"] > found["float"] - 0.01
    assert found["plugged_agreement"] > 0.99
    low, high, largest = found["plugged_range"]
    assert low == 0.0
    assert 0.5 * largest < high < 2 * largest


def test_a_model_with_its_quantizers_loads_again(found):
    assert found["reloaded"] == 0.0


def test_quantizers_that_int8_files_cannot_hold_are_refused(found):
    assert "symmetric=False" in found["refused_symmetric"]
    assert "num_bits=4" in found["refused_num_bits"]


def test_its_schedules_prune(found):
    assert found["pruned"] == pytest.approx(0.6, abs=0.01)


def test_its_centroids_cluster(found):
    assert found["clustered"] == 8


def test_its_neighbours_are_pruned_as_ours(found):
    assert found["neighbours"] == [0.5, 1.0]
