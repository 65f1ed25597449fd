"""The plugin boundary of accelerators, with a delegate that needs no device."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

SOURCE = Path(__file__).with_name("delegate.c")
LIBRARIES = {"coral": "libedgetpu.so.1", "gpu": "libtensorflowlite_gpu_delegate.so"}
ABS = schema.BuiltinOperator.ABS
TAKES = {"coral": ['-DCUSTOM="edgetpu-custom-op"'], "gpu": [f"-DBUILTIN={ABS}"]}
SCRIPT = """
    import json, sys
    import numpy as np
    from kerascnn import edge
    path, device, *places = sys.argv[1:]
    try:
        model = edge.load(path, device=json.loads(device))
        np.save(places[1], model(np.load(places[0])))
        print(json.dumps({"device": model.device}))
    except edge.ModelError as error:
        print(json.dumps({"error": str(error)}))
"""

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="The stub is built for Linux."),
    pytest.mark.skipif(
        not shutil.which("gcc"), reason="The stub is compiled with gcc: install it."
    ),
]


@pytest.fixture
def library(tmp_path):
    """Give the function that compiles the library of a device into a folder of its own."""

    def compile_stub(device, *options, source=SOURCE):
        folder = tmp_path / "libraries"
        folder.mkdir(exist_ok=True)
        built = folder / LIBRARIES[device]
        words = ["gcc", "-shared", "-fPIC", "-O1", "-o", built, *TAKES[device], *options]
        subprocess.run([*words, "-xc", source], check=True)
        return built

    return compile_stub


@pytest.fixture
def run(tmp_path):
    """Give the function that loads and calls a model where the loader sees the libraries."""

    def load_and_call(path, device, values):
        np.save(tmp_path / "given.npy", values)
        words = [path, json.dumps(device), tmp_path / "given.npy", tmp_path / "made.npy"]
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", textwrap.dedent(SCRIPT), *words],
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "LD_LIBRARY_PATH": str(tmp_path / "libraries")},
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        answer = json.loads(done.stdout)
        return answer, None if "error" in answer else np.load(tmp_path / "made.npy")

    return load_and_call


@pytest.fixture
def compiled(write_model):
    """What edgetpu_compiler leaves: one operator that only the Edge TPU has."""
    return write_model(
        {"x": ((1, 64), "int8", 0.5, 3), "y": ((1, 64), "int8", 0.25, -7)},
        [("edgetpu-custom-op", ["x"], ["y"], None)],
        ["x"],
        ["y"],
    )


@pytest.fixture
def plain(write_model):
    """An operator for the GPU, and one that is left to the CPU."""
    tensors = {name: ((1, 64), "float32") for name in ("x", "middle", "y")}
    operators = [("NEG", ["x"], ["middle"], None), ("ABS", ["middle"], ["y"], None)]
    return write_model(tensors, operators, ["x"], ["y"], name="plain.tflite")


LEVELS = np.arange(-128, 128, dtype=np.int8).reshape(4, 64)
VALUES = np.random.default_rng(0).normal(size=(4, 64)).astype(np.float32)


def as_by_the_stub(values):
    """Flip every second bit, as the stub's kernel does."""
    return (values.view(np.uint8) ^ 0x55).view(values.dtype)


@pytest.mark.parametrize("device", ["coral", "auto", ["coral", "cpu"]], ids=str)
def test_a_compiled_model_runs_on_the_edge_tpu(device, library, run, compiled):
    library("coral")
    answer, made = run(compiled, device, LEVELS)
    assert answer == {"device": "coral"}
    expected = (as_by_the_stub(LEVELS).astype(np.float32) + 7) * np.float32(0.25)
    np.testing.assert_array_equal(made, expected)


@pytest.mark.parametrize("device", ["gpu", ["gpu", "cpu"]], ids=str)
def test_the_gpu_takes_its_operators_and_the_cpu_the_others(device, library, run, plain):
    library("gpu")
    answer, made = run(plain, device, VALUES)
    assert answer == {"device": "gpu"}
    np.testing.assert_array_equal(made.view(np.uint8), as_by_the_stub(-VALUES).view(np.uint8))


def nothing(library, device):
    """No library is there."""


def foreign(library, device):
    library(device, source="/dev/null")


def other_processor(library, device):
    built = library(device)
    content = bytearray(built.read_bytes())
    content[4] = 3 - content[4]  # e_ident[EI_CLASS]: 32 bits for 64, or the other way round
    built.write_bytes(content)


def incomplete(library, device):
    needed = library(device).with_name("libneeded.so")
    subprocess.run(["gcc", "-shared", "-o", needed, "-xc", "/dev/null"], check=True)
    library(device, "-Wl,--no-as-needed", needed)
    needed.unlink()


def options(*words):
    return lambda library, device: library(device, *words)


# What is wrong -> how to make it so, and what the error says.
FAILURES = {
    "no library": (nothing, r"reached through its library. (Install|Build) .* No such file"),
    "another library": (foreign, "is another library, without"),
    "other processor": (other_processor, "must be built for this processor and system.*wrong ELF"),
    "missing dependency": (incomplete, "must be built for this processor.*libneeded"),
    "other runtime": (options("-DOTHER_LAYOUT"), "must be built for the runtime.*crashes"),
    "no device": (
        options("-DABSENT"),
        r"(?s)(be plugged in|with a driver).*no device is attached",
    ),
    "refused model": (options("-DREFUSES"), "(?s)must support every.*model is for a newer device"),
    "nothing taken": (options("-UCUSTOM", "-UBUILTIN", "-DBUILTIN=-1"), "must run a part"),
}


@pytest.mark.parametrize("device", ["coral", "gpu"])
@pytest.mark.parametrize(("make", "message"), FAILURES.values(), ids=FAILURES)
def test_each_failure_has_its_own_error(make, message, device, library, run, compiled, plain):
    make(library, device)
    path, values = (compiled, LEVELS) if device == "coral" else (plain, VALUES)
    answer, _ = run(path, device, values)
    assert re.search(message, answer["error"]), answer
    assert answer["error"].startswith(f"{path}: ")
    assert sum(bool(re.search(other, answer["error"])) for _, other in FAILURES.values()) == 1


def test_the_cpu_comes_in_only_where_it_was_asked_for(library, run, plain):
    library("gpu", "-DABSENT")
    assert "no device is attached" in run(plain, "gpu", VALUES)[0]["error"]
    answer, made = run(plain, ["gpu", "cpu"], VALUES)
    assert answer == {"device": "cpu"}
    np.testing.assert_array_equal(made, np.abs(VALUES))


def test_a_compiled_model_has_no_other_place(run, compiled):
    answer, _ = run(compiled, ["coral", "cpu"], LEVELS)
    assert re.search("One of the devices.*coral: .*Install.*cpu: .*compiled for", answer["error"])


@pytest.mark.parametrize("device", ["cpu", "gpu", ["gpu", "cpu"]], ids=str)
def test_a_compiled_model_runs_on_nothing_else(device, library, run, compiled):
    library("gpu")
    assert (
        "compiled for the Edge TPU runs on nothing else"
        in run(compiled, device, LEVELS)[0]["error"]
    )


def test_a_plain_model_does_not_run_on_the_edge_tpu(library, run, plain):
    library("coral")
    assert "edgetpu_compiler" in run(plain, "coral", VALUES)[0]["error"]
    assert run(plain, "auto", VALUES)[0] == {"device": "cpu"}
    assert run(plain, ["coral", "cpu"], VALUES)[0] == {"device": "cpu"}
