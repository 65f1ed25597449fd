"""What the proofs share: exported systems, what they give here, and the wheel of this project."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kerascnn.export.file.oldest import place_of

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build"
OLD = ("tflite-runtime==2.14.0", "numpy==1.26.4")  # the newest of the first, for the second
VERSIONS = ("3.10", "3.11")  # of Python: those of these wheels that are ours too
NEAR = 15  # dB between kernels that round differently; the README says so
REFERENCE = "-reference"  # what names the outputs of the reference kernels ends with


@pytest.fixture(scope="session")
def build_folder():
    """Where the proofs keep what took long to make; `make clean` removes it."""
    BUILD.mkdir(exist_ok=True)
    return BUILD


@pytest.fixture(scope="session")
def systems(build_folder):
    """The folder of the systems' int8 files, made once for each state of the sources."""
    script, digest = HERE / "export_systems.py", hashlib.sha256()
    for path in (script, *sorted((*ROOT.glob("kerascnn/**/*.py"), *ROOT.glob("export/**/*.*")))):
        if path.suffix in (".py", ".json"):
            digest.update(path.read_bytes())
    folder = build_folder / "systems" / digest.hexdigest()[:16]
    if not folder.exists():
        shutil.rmtree(folder.parent, ignore_errors=True)
        working = folder.with_name("unfinished")
        working.mkdir(parents=True)
        subprocess.run([sys.executable, script, working], check=True, capture_output=True)
        working.rename(folder)
    return folder


@pytest.fixture(scope="session")
def claims(systems):
    """What runs each file, by the name of its system."""
    return json.loads((systems / "systems.json").read_text())


@pytest.fixture(scope="session")
def run_systems(systems, claims, tmp_path_factory):
    """Give the function that runs the systems with a Python: what it tells, and the outputs.

    It runs those whose report claims that a runtime runs them; all where none is given.
    """

    def run(*command, runtime=None, **options):
        folder = tmp_path_factory.mktemp("outputs")
        newest = place_of(runtime) if runtime else np.inf
        oldest = {name: claim["runtime"] for name, claim in claims.items() if claim["runtime"]}
        names = [name for name, place in oldest.items() if place_of(place) <= newest]
        words = [*command, HERE / "run_systems.py", systems, folder, *names]
        done = subprocess.run(
            list(map(str, words)), capture_output=True, text=True, check=False, **options
        )
        assert done.returncode == 0, done.stderr[-3000:]
        outputs = {}
        for path in folder.glob("*.npz"):
            with np.load(path) as archive:
                outputs[path.stem] = dict(archive)
        return json.loads(done.stdout), outputs

    return run


@pytest.fixture(scope="session")
def here(run_systems):
    """What this machine gives."""
    return run_systems(sys.executable)


@pytest.fixture(scope="session")
def check_near(here):
    """Give the function that compares with this machine: other kernels round differently."""

    def check(outputs):
        for system, values in outputs.items():
            for name, made in values.items():
                expected = here[1][system][name]
                noise = max(float(np.mean((made - expected) ** 2)), 1e-30)
                assert 10 * np.log10(np.mean(expected**2) / noise) > NEAR, (system, name)

    return check


@pytest.fixture(scope="session")
def check_equal(here, claims):
    """Give the function that compares bits with this machine, of the kernels that are the same.

    Another version of a runtime may have rounded a few numbers differently: a share of them.
    """

    def check(outputs, *, reference, differing=0.0):
        kept = {name: v for name, v in outputs.items() if name.endswith(REFERENCE) == reference}
        assert kept
        for system, values in kept.items():
            if not claims[system.removesuffix(REFERENCE)]["bits"]:
                continue
            assert values.keys() == here[1][system].keys()
            for name, made in values.items():
                share = np.mean(made != here[1][system][name])
                assert share <= differing, (system, name, share)

    return check


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel of this project."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder]
    subprocess.run([*pip, ROOT], check=True)
    return next(folder.glob("*.whl"))


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


@pytest.fixture(scope="session")
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
