"""What Keras does wrong on several replicas, and that it is cured: without it, the test fails.

A failure of what Keras does by itself says that a newer Keras needs a cure no longer.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROCESS = Path(__file__).with_name("cures_process.py")
EQUAL = 1e-6
RIGHT = ["whole batches", "synchronised batch normalisation", "triplets mined in the whole batch"]
WRONG = [
    "a smaller last batch",
    "a replica without an example",
    "a variational autoencoder",
    "clipped by norm",
    "clipped by global norm",
    "clipped by value",
    "scaled loss",
]
CRASHES = ["a first batch that does not divide", "three steps an execution"]
CRASHES += ["eight steps an execution", "a step of the model's own"]
ENDS = ["convolutions without an example"]  # what Keras leaves can train no more
REFUSED = {
    "XLA": "jit_compile=False",
    "accumulated gradients": "gradient_accumulation_steps=2",
    "built outside": "inside `with strategy.scope():`",
    "optimizer made outside": "inside `with strategy.scope():`",
}


@pytest.fixture(scope="module")
def report():
    done = subprocess.run([sys.executable, str(PROCESS)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("scenario", [*RIGHT, *WRONG, *CRASHES, *ENDS])
def test_two_replicas_give_the_weights_and_logs_of_one_device(report, scenario):
    assert report["cured"][scenario] < EQUAL


def test_one_device_is_left_as_it_is(report):
    assert report["cured"]["one device is the same"]


@pytest.mark.parametrize("scenario", RIGHT)
def test_keras_needs_no_cure(report, scenario):
    assert report["stock"][scenario] < EQUAL


@pytest.mark.parametrize("scenario", WRONG)
def test_keras_gives_other_weights(report, scenario):
    assert report["stock"][scenario] > 1000 * EQUAL


@pytest.mark.parametrize("scenario", CRASHES)
def test_keras_crashes(report, scenario):
    assert "Error: " in report["stock"][scenario]


@pytest.mark.parametrize("scenario", REFUSED)
def test_what_cannot_work_is_refused_with_the_remedy(report, scenario):
    assert REFUSED[scenario] not in str(report["stock"][scenario])
    assert REFUSED[scenario] in report["cured"][scenario]


def test_each_replica_draws_its_own_noise(report):
    assert max(report["stock"]["noise"]) == 0
    assert min(report["cured"]["noise"]) > 1


def test_an_infinite_gradient_of_any_replica_stops_the_step(report):
    assert report["stock"]["infinite gradient"] == {"finite": False, "scale": 1024}
    assert report["cured"]["infinite gradient"] == {"finite": True, "scale": 512}
