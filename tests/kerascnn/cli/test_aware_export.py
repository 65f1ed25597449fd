"""`kerascnn export --quantize qat`: int8 after training with its rounding."""

import json

import pytest

from kerascnn import edge
from kerascnn.cli import main
from kerascnn.cli.deployment import score_files
from kerascnn.cli.runs import Run
from kerascnn.cli.training import train_run


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A small LeNet-5 after two epochs on digits, with its score."""
    run = Run(
        folder=tmp_path_factory.mktemp("runs") / "lenet5",
        system="lenet5",
        task="classification",
        data="digits",
        data_options={"size": 16},
        epochs=2,
    )
    return run, train_run(run)


def kerascnn(*words):
    with pytest.raises(SystemExit) as exit_:
        main([str(word) for word in words])
    return exit_.value.code


def test_a_run_trains_with_rounding_and_shows_it(trained, capsys):
    run, scores = trained
    assert kerascnn("export", run.folder, "--quantize", "qat", "--epochs", 1, "--json") == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert "epoch 1/1" in captured.err
    assert report["float_operators"] == []
    path = run.folder / "model_qat.tflite"
    assert edge.load(path).metadata.labels == tuple("0123456789")
    assert abs(score_files(run, {"model": path})["accuracy"] - scores["accuracy"]) <= 0.02


@pytest.mark.parametrize("words", [("model.keras",), (".", "--part", "c1")])
def test_data_to_train_on_is_that_of_a_run(trained, capsys, monkeypatch, words):
    monkeypatch.chdir(trained[0].folder)
    assert kerascnn("export", *words, "--quantize", "qat") == 1
    assert f"Received: {' '.join(words)}" in capsys.readouterr().err
