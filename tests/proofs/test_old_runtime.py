"""Exported systems in an environment of 2023: tflite-runtime 2.14 and NumPy 1.26."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

OLD = ("tflite-runtime==2.14.0", "numpy==1.26.4")  # the newest of the first, for the second
VERSIONS = ("3.10", "3.11")  # of Python: those of these wheels that are ours too

pytestmark = pytest.mark.slow


def find_python():
    """A Python that the wheels were built for: our own, on the path or of pyenv; else None."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" in VERSIONS:
        return sys.executable
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in VERSIONS:
        found = (shutil.which(f"python{version}"), *versions.glob(f"{version}.*/bin/python"))
        for python in filter(None, found):
            return python
    return None


@pytest.fixture(scope="module")
def old_python(build_folder, wheel):
    """The Python of an environment with this package and the old runtime, made once."""
    python, folder = find_python(), build_folder / "old"
    if python is None:
        pytest.skip(
            f"tflite-runtime 2.14 has wheels for Python {VERSIONS}, on the path or of pyenv"
        )
    made = folder / "bin" / "python"
    if not made.exists():
        subprocess.run([python, "-m", "venv", folder], check=True, capture_output=True)
    pip = [made, "-m", "pip", "install", "--quiet"]
    done = subprocess.run([*pip, *OLD, wheel], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"PyPI must answer. Received: {done.stderr[-300:]}")
    # pip takes a wheel of the same version for the same.
    subprocess.run([*pip, "--force-reinstall", "--no-deps", wheel], check=True)
    return made


@pytest.fixture(scope="module")
def old(old_python, run_systems):
    """What it tells, and the outputs of the systems whose report claims this runtime."""
    return run_systems(old_python, "-W", "error", runtime="2.14")


def test_the_environment_is_old(old):
    assert (old[0]["runtime"], old[0]["numpy"]) == ("tflite_runtime 2.14.0", "1.26.4")


def test_reference_kernels_give_equal_bits(old, check_equal):
    check_equal(old[1], reference=True)


def test_other_kernels_stay_near(old, check_near):
    check_near(old[1])


def test_a_file_that_crashes_the_old_runtime_is_an_error(old):
    assert "complete and undamaged" in old[0]["cut"]
