"""Every system's file damaged ten thousand times, in the newest runtime and in an old one."""

import shutil
import sys

import numpy as np
import pytest

from kerascnn.export.file.oldest import place_of

pytestmark = pytest.mark.slow


@pytest.fixture
def seeds(systems, claims, python, tmp_path):
    """A folder of the systems' files, and of the same without the check sum that finds damage."""
    folder = tmp_path / "seeds"
    folder.mkdir()
    newest = np.inf if python == sys.executable else place_of("2.14")
    for path in systems.glob("*.tflite"):
        if place_of(claims[path.stem]["runtime"]) > newest:
            continue
        shutil.copy(path, folder)
        data = path.read_bytes().partition(b"PK\x03\x04")[0]
        for name in (b"TFLITE_METADATA", b"model.sha256"):
            data = data.replace(name, name[::-1])
        (folder / f"{path.stem}-bare.tflite").write_bytes(data)
    return folder


@pytest.fixture(params=["new", "old"])
def python(request):
    """The Python of an environment, by its runtime."""
    return sys.executable if request.param == "new" else request.getfixturevalue("old_python")


@pytest.mark.parametrize(("kind", "count"), [("files", 10_000), ("inputs", 10_000)])
def test_no_damage_and_no_input_crashes_or_gives_a_wrong_answer(kind, count, python, seeds, fuzz):
    outcomes, failures = fuzz(kind, seeds, count, python)
    assert not failures
    assert outcomes["refused"] > count / 10
    assert outcomes["ran"] > count / 100
