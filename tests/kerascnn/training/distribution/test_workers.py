"""Two processes that train one model, and what becomes of it when they are killed."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kerascnn import data

PROCESS = Path(__file__).with_name("worker_process.py")


def free_addresses(count):
    """Find ports that nobody uses; the workers open them by themselves."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """Give a file of arrays, which workers share example by example, and a folder of records."""
    folder = tmp_path_factory.mktemp("data")
    pixels = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), "uint8")
    np.savez(folder / "arrays.npz", image=pixels, label=np.arange(60) % 3)
    data.write_records(data.load(folder / "arrays.npz"), folder / "records", shard_size=11)
    return folder


STOCK = """
import keras, numpy as np, tensorflow as tf
with tf.distribute.MultiWorkerMirroredStrategy().scope():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
model.fit(tf.data.Dataset.from_tensor_slices((np.ones((8, 3)), np.ones((8, 1)))).batch(4))
"""


def run(data, folder, way, killed=(), *, count=2, dropout=0.5):
    """Train by several processes at once, and give how each ended and what it said."""
    return work([PROCESS, folder, str(dropout), way, *map(str, killed)], count, data=data)


def work(words, count, data=""):
    """Run Python in several processes that know each other."""
    addresses = free_addresses(count)
    started = []
    for index in range(count):
        task = {"type": "worker", "index": index}
        config = {"cluster": {"worker": addresses}, "task": task} if count > 1 else {}
        started.append(
            subprocess.Popen(
                [sys.executable, *words],
                env={**os.environ, "TF_CONFIG": json.dumps(config), "DATA": str(data)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    ends = [(*one.communicate(timeout=240), one.returncode) for one in started]
    return [(code, out + err[-3000:]) for out, err, code in ends]


def weights(folder):
    with np.load(folder / "weights.npz") as saved:
        return list(saved.values())


def test_keras_by_itself_trains_on_no_two_workers():
    for code, text in work(["-c", STOCK], 2):
        assert code == 1, text
        assert "Attempt to convert a value (PerReplica" in text


@pytest.fixture(scope="module")
def undisturbed(examples, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    for code, text in run(examples / "records", folder, "train"):
        assert code == 0, text
    return folder


def test_all_workers_have_the_same_weights_and_history(undisturbed):
    other = undisturbed / "worker-1"
    for chief, worker in zip(weights(undisturbed), weights(other), strict=True):
        np.testing.assert_array_equal(chief, worker)
    assert (undisturbed / "history.csv").read_text() == (other / "history.csv").read_text()


def test_two_workers_train_as_one(examples, tmp_path):
    for count in (1, 2):
        folder = tmp_path / str(count)
        for code, text in run(examples / "arrays.npz", folder, "train", count=count, dropout=0):
            assert code == 0, text
    for two, one in zip(weights(tmp_path / "2"), weights(tmp_path / "1"), strict=True):
        np.testing.assert_allclose(two, one, atol=1e-4)


@pytest.mark.parametrize(
    "killed",
    [
        pytest.param([1], id="worker"),
        pytest.param([0], id="chief", marks=pytest.mark.slow),
        pytest.param([0, 1], id="both", marks=pytest.mark.slow),
    ],
)
def test_a_killed_job_goes_on_to_the_same_bits(examples, undisturbed, tmp_path, killed):
    records = examples / "records"
    for index, (code, text) in enumerate(run(records, tmp_path, "train", killed)):
        if index in killed:
            assert code == -signal.SIGKILL, text
        else:
            assert code == 3, text
            assert f"--resume {tmp_path}" in text
    for code, text in run(records, tmp_path, "resume"):
        assert code == 0, text
    for resumed, expected in zip(weights(tmp_path), weights(undisturbed), strict=True):
        np.testing.assert_array_equal(resumed, expected)
