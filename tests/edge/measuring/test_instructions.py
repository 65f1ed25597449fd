"""Instructions that an emulator counts into a file."""

import itertools
import json

import pytest

from kerascnn import edge
from kerascnn.edge.measuring import instructions

PYTHON, QEMU = "/usr/bin/python3", "/usr/bin/qemu-aarch64"


@pytest.fixture
def emulated(machine, tmp_path, monkeypatch):
    """A machine under an emulator that counts: 7 instructions to read, 1,000 for a call."""
    path = tmp_path / "count"
    path.write_bytes(bytes(8))
    monkeypatch.setenv(instructions.COUNTER, str(path))
    return machine({}, exe=(PYTHON, QEMU))


def test_reading_the_counter_is_not_counted(emulated, classifier, monkeypatch):
    model = edge.load(classifier, threads=1)
    count, called = itertools.count(), []

    def read(file):
        return 7 * next(count) + 1_000 * len(called)

    monkeypatch.setattr(instructions, "read_counter", read)
    monkeypatch.setattr(type(model), "__call__", lambda self, inputs: called.append(inputs))
    found = edge.count_instructions(model, runs=3, warmup=1, root=emulated)
    assert (found.instructions, found.runs, found.warmup) == (1_000, 3, 1)
    assert len(called) == 4
    assert json.loads(found.to_json())["instructions"] == 1_000


def test_the_counter_is_eight_bytes(tmp_path):
    path = tmp_path / "count"
    path.write_bytes((2**33 + 5).to_bytes(8, "little"))
    with path.open("rb") as file:
        assert instructions.read_counter(file.fileno()) == 2**33 + 5


def test_a_real_processor_is_timed(classifier):
    with pytest.raises(RuntimeError, match="a real processor is timed"):
        edge.count_instructions(edge.load(classifier))


def test_an_emulator_that_does_not_count_is_refused(emulated, classifier, monkeypatch):
    monkeypatch.delenv(instructions.COUNTER)
    with pytest.raises(RuntimeError, match=r"make test-pi.*Received: no KERASCNN"):
        edge.count_instructions(edge.load(classifier, threads=1), root=emulated)


def test_several_threads_are_refused(emulated, classifier):
    with pytest.raises(ValueError, match=r"threads=1\). Received: 2"):
        edge.count_instructions(edge.load(classifier, threads=2), root=emulated)
