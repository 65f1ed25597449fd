"""One process converts for many calls, and nothing that happens in it reaches the next one."""

import json
import threading

import keras
import numpy as np
import pytest
from keras import layers

from kerascnn import export
from kerascnn.export.conversion.freezing import freeze
from kerascnn.export.conversion.worker import WORKER, Worker
from kerascnn.export.tracing import ENDPOINT


@pytest.fixture(scope="module")
def model():
    return keras.Sequential([layers.Input((6, 4)), layers.Conv1D(3, 3)])


@pytest.fixture
def worker():
    worker = Worker()
    yield worker
    worker.close()


def job(model, folder, **options):
    """Write a job as `convert_model` does."""
    folder.mkdir()
    freeze(model, folder / "saved_model", batch=1)
    files = {"output": "model.tflite", "error": "error.txt", "log": "log.txt"}
    form = {"quantize": "float32", "input_output": "float32", "samples": {}}
    form |= {"select": False, "custom": False}
    places = {name: str(folder / file) for name, file in files.items()}
    saved = {"saved_model": str(folder / "saved_model"), "endpoint": ENDPOINT}
    path = folder / "job.json"
    path.write_text(json.dumps(saved | places | form | options))
    return path


def test_it_starts_once(model, worker, tmp_path):
    assert worker.run(job(model, tmp_path / "first")) == 0
    process = worker._process
    assert worker.run(job(model, tmp_path / "second")) == 0
    assert worker._process is process
    files = [tmp_path / name / "model.tflite" for name in ("first", "second")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_failure_is_written_down_and_the_next_job_runs(model, worker, tmp_path):
    assert worker.run(job(model, tmp_path / "wrong", endpoint="none")) == 1
    assert "none" in (tmp_path / "wrong" / "error.txt").read_text()
    assert worker.run(job(model, tmp_path / "right")) == 0


def test_it_starts_again_after_its_end(model, worker, tmp_path):
    assert worker.run(job(model, tmp_path / "first")) == 0
    worker._process.kill()
    worker._process.wait()
    assert worker.run(job(model, tmp_path / "second")) == 0


def test_calls_from_several_threads_get_their_own_files(tmp_path):
    sizes = (3, 5, 7)
    models = [keras.Sequential([layers.Input((8, 2)), layers.Conv1D(3, size)]) for size in sizes]
    paths = [tmp_path / f"{size}.tflite" for size in sizes]
    inputs = [np.ones((1, 8, 2), "float32")] * 3
    threads = [
        threading.Thread(target=export.to_tflite, args=pair)
        for pair in zip(models, paths, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for model, path, array in zip(models, paths, inputs, strict=True):
        assert export.compare(model, path, array).outputs[0].max_abs < 1e-5
    assert WORKER._process.poll() is None
