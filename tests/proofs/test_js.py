"""Exported systems in LiteRT.js, the runtime of web pages, under node."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

PACKAGE, VERSION = "@litertjs/core", "2.5.3"
SCRIPT = Path(__file__).with_name("litert.mjs")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def modules(build_folder):
    """The folder of npm's packages, filled once."""
    lacking = [name for name in ("node", "npm") if not shutil.which(name)]
    if lacking:
        pytest.skip(f"LiteRT.js needs node and npm. Received: no {', '.join(lacking)}")
    folder = build_folder / "js"
    found = folder / "node_modules" / PACKAGE / "package.json"
    if not found.exists() or json.loads(found.read_text())["version"] != VERSION:
        words = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder]
        command = [*words, f"{PACKAGE}@{VERSION}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"npm's registry must answer. Received: {done.stderr[-300:]}")
    return found.parents[2]


def job(path):
    """A model file and its examples, one run for each."""
    with np.load(path.with_suffix(".npz")) as archive:
        inputs = dict(archive)
    count = len(next(iter(inputs.values())))
    return {
        "path": str(path),
        "inputs": [
            {name: whole(values[i : i + 1]) for name, values in inputs.items()}
            for i in range(count)
        ],
    }


def whole(array):
    return {"shape": array.shape, "values": array.ravel().tolist()}


def test_every_int8_file_gives_the_bits_that_it_gives_here(modules, systems, here):
    paths = sorted(systems.glob("*.tflite"))
    done = subprocess.run(
        ["node", SCRIPT, modules],
        input=json.dumps([job(path) for path in paths]),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answers = json.loads(done.stdout)
    for path, runs in zip(paths, answers, strict=True):
        expected = here[1][path.stem]
        assert all(run.keys() == expected.keys() for run in runs)
        for name, values in expected.items():
            made = [np.float32(run[name]["values"]).reshape(run[name]["shape"]) for run in runs]
            np.testing.assert_array_equal(np.concatenate(made), values, err_msg=path.stem)
