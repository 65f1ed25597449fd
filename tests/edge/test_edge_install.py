"""What a device gets from `pip install "kerascnn[edge]"`: measured in a new environment."""

import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
LARGEST = 120e6  # bytes, of the files of all packages
SLOWEST = 0.5  # seconds, that importing the edge takes after NumPy
CLOCK = """
import time
import numpy
start = time.perf_counter()
import kerascnn.edge
print(time.perf_counter() - start)
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    """Give the function that runs a program of an environment that holds the edge extra alone."""
    folder = tmp_path_factory.mktemp("device")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(*words):
        command = [str(word) for word in words]
        return subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=folder, env=environment
        ).stdout

    run(sys.executable, "-m", "venv", "--without-pip", folder / "env")
    # A copy, as the builder keeps files of earlier builds.
    source = folder / "source"
    shutil.copytree(
        ROOT, source, ignore=shutil.ignore_patterns(".*", "build", "tests", "*.egg-info")
    )
    # Without bytecode, whose size is that of what is imported, and of what pip compiles unasked.
    run(
        *(sys.executable, "-m", "pip", "--python", folder / "env", "install", "--no-compile"),
        f"kerascnn[edge] @ {source.as_uri()}",
    )
    run.bin = folder / "env/bin"
    run.packages = next((folder / "env/lib").glob("python*/site-packages"))
    return run


def test_it_is_small_and_has_no_framework(device):
    sizes = {
        path.name: sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        for path in device.packages.iterdir()
        if path.is_dir()
    }
    names = {name.lower().partition("-")[0] for name in sizes}
    assert not names & {"tensorflow", "keras", "matplotlib", "scipy", "sklearn", "pydantic"}
    largest = sorted(sizes.items(), key=lambda size: -size[1])[:5]
    assert sum(sizes.values()) < LARGEST, largest


def test_importing_it_takes_little_longer_than_numpy(device):
    times = [float(device(device.bin / "python", "-c", CLOCK)) for _ in range(7)]
    assert statistics.median(times[1:]) < SLOWEST  # the first one compiles


def test_its_command_runs_a_model(device, classifier, tmp_path):
    command = device.bin / "kerascnn-edge"
    assert "benchmark" in device(command, "--help")
    np.save(tmp_path / "x.npy", np.zeros((2, 4, 4, 1), np.float32))
    shapes = json.loads(device(command, "run", classifier, tmp_path / "x.npy", "--json"))
    assert shapes == {"scores": "2x3"}
    words = ("benchmark", classifier, "--runs", 2, "--operators", "--json")
    (measured,) = json.loads(device(command, *words)).values()
    assert len(measured["operators"]) == 3
