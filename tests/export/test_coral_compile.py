"""Driving the vendor's compiler, with a script on the PATH that prints what it prints."""

import json
import stat
import sys
import textwrap

import keras
import numpy as np
import pytest
from keras import layers

from kerascnn import export
from kerascnn.export.coral.log import message_in

HEAD = """\
Edge TPU Compiler version 16.0.384591198
Started a compilation timeout timer of 180 seconds.
"""
TAIL = """\
Compilation child process completed within timeout period.
Compilation succeeded!
"""
PARTLY = f"""\
{HEAD}
Model compiled successfully in 61 ms.

Input model: /models/net.tflite
Input size: 34.54KiB
Output model: /models/net_edgetpu.tflite
Output size: 45.38KiB
On-chip memory used for caching model parameters: 6.50KiB
On-chip memory remaining for caching model parameters: 8.11MiB
Off-chip memory used for streaming uncached model parameters: 1.50MiB
Number of Edge TPU subgraphs: 1
Total number of operations: 5
Operation log: /models/net_edgetpu.log

Model successfully compiled but not all operations are supported by the Edge TPU. A percentage of \
the model will instead run on the CPU, which is slower. If possible, consider updating your model \
to use only operations supported by the Edge TPU. For details, visit g.co/coral/model-reqs.
Number of operations that will run on Edge TPU: 2
Number of operations that will run on CPU: 4

Operator                       Count      Status

QUANTIZE                       1          Operation is working on an unsupported data type
CONV_2D                        1          Mapped to Edge TPU
LEAKY_RELU                     1          Operation not supported
MEAN                           1          More than one subgraph is not supported
FULLY_CONNECTED                1          More than one subgraph is not supported
DEQUANTIZE                     1          Operation is working on an unsupported data type
{TAIL}"""


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    image = keras.Input((8, 8, 3), name="image")
    x = layers.Conv2D(4, 3, name="stem")(image)
    x = layers.LeakyReLU(0.1, name="leak")(x)
    model = keras.Model(
        image, layers.Dense(3, name="dense")(layers.GlobalAveragePooling2D(name="pool")(x))
    )
    path = tmp_path_factory.mktemp("compile") / "net.tflite"
    images = np.random.default_rng(0).normal(size=(8, 8, 8, 3)).astype("float32")
    export.to_tflite(model, path, quantize="int8", calibration=images)
    return path


@pytest.fixture
def compiler(tmp_path, monkeypatch):
    """Put a compiler on the PATH that prints a text, and writes a file if it ends well."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def install(text, *, code=0, writes=True, sleeps=0):
        script = folder / "edgetpu_compiler"
        body = f"""\
            #!{sys.executable}
            import json, pathlib, sys, time
            time.sleep({sleeps})
            arguments = sys.argv[1:]
            here = pathlib.Path({str(folder)!r})
            here.joinpath("arguments.json").write_text(json.dumps(arguments))
            print({text!r})
            source = pathlib.Path(arguments[-1])
            out = pathlib.Path(arguments[arguments.index("--out_dir") + 1])
            if {writes}:
                out.joinpath(source.stem + "_edgetpu.tflite").write_bytes(source.read_bytes())
            sys.exit({code})
            """
        script.write_text(textwrap.dedent(body))
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        return folder / "arguments.json"

    return install


def test_the_log_becomes_a_report(model_file, compiler, tmp_path):
    compiler(PARTLY)
    target = tmp_path / "net_edgetpu.tflite"
    report = export.coral.compile(model_file, target)
    assert target.read_bytes() == model_file.read_bytes()
    assert (report.source, report.path) == ("compiled", target)
    assert (report.mapped, report.total) == (1, 6)
    assert report.macs_share is None
    assert report.parameters == round(6.5 * 1024) + round(1.5 * 1024**2)
    assert [(one.name, one.layer) for one in report.on_cpu] == [
        ("LEAKY_RELU", "leak"),
        ("MEAN", "pool"),
        ("FULLY_CONNECTED", "dense"),
    ]
    assert "PReLU" in report.on_cpu[0].remedy
    assert "rewrite that" in report.on_cpu[1].remedy
    assert any("16.0.384591198" in note for note in report.notes)
    assert report.summary().startswith("compiled: 1 of 6 operators")


def test_the_compiler_gets_the_options(model_file, compiler, tmp_path):
    arguments = compiler(PARTLY)
    export.coral.compile(
        model_file, tmp_path / "x.tflite", timeout=60, min_runtime_version=13, search=True
    )
    given = json.loads(arguments.read_text())
    assert given[:6] == [
        *("--show_operations", "--timeout_sec", "60"),
        *("--min_runtime_version", "13", "--search_delegate"),
    ]
    assert given[-1] == str(model_file)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (
            "ERROR: Attempting to use a delegate that only supports static-sized tensors with a "
            "graph that has dynamic-sized tensors.\nCompilation failed: Model failed in Tflite "
            "interpreter. Please ensure model can be loaded/run in Tflite interpreter.",
            "fix every shape",
        ),
        (
            "ERROR: Didn't find op for builtin opcode 'CONV_2D' version '6'\n"
            "ERROR: Registration failed.",
            "too new.*CONV_2D",
        ),
        (
            "ERROR: Restored original execution plan after delegate application failure.\n"
            "Compilation failed: Compilation failed due to large activation tensors in model.",
            "search=True",
        ),
        ("Invalid model: net.tflite\nModel not quantized", "quantize='int8'"),
        ("Internal compiler error. Aborting!", "smaller model"),
        ("Something that nobody has seen", r"coral\.check.*exit code 1"),
    ],
)
def test_a_failure_says_what_to_do(text, advice, model_file, compiler, tmp_path):
    compiler(f"{HEAD}{text}\nCompilation failed!", code=1, writes=False)
    target = tmp_path / "x.tflite"
    with pytest.raises(export.coral.CompilerError, match=f"(?s){advice}"):
        export.coral.compile(model_file, target)
    assert not target.exists()
    assert not list(tmp_path.glob(".compiling-*"))


def test_the_first_error_of_a_log_is_told():
    text = "ERROR: Node number 31 failed to prepare.\nCompilation failed: Model failed\nfailed!"
    assert message_in(text) == "ERROR: Node number 31 failed to prepare."
    assert message_in("all is well") == ""


def test_success_without_a_file_is_a_failure(model_file, compiler, tmp_path):
    compiler(PARTLY, writes=False)
    with pytest.raises(export.coral.CompilerError, match="wrote no file"):
        export.coral.compile(model_file, tmp_path / "x.tflite")


def test_a_compiler_that_hangs_is_stopped(model_file, compiler, tmp_path, monkeypatch):
    monkeypatch.setattr("kerascnn.export.coral.compiler._GRACE", 0)
    compiler(PARTLY, sleeps=60)
    with pytest.raises(export.coral.CompilerError, match=r"more time.*timed out after 1 s"):
        export.coral.compile(model_file, tmp_path / "x.tflite", timeout=1)


def test_without_the_compiler_the_commands_to_install_it_are_told(
    model_file, tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(export.coral.CompilerError, match=r"(?s)apt-get install edgetpu-compiler"):
        export.coral.compile(model_file)


def test_ill_formed_arguments_are_refused(model_file, tmp_path):
    with pytest.raises(FileNotFoundError, match="file to compile"):
        export.coral.compile(tmp_path / "none.tflite")
    with pytest.raises(ValueError, match="at least 1 second"):
        export.coral.compile(model_file, timeout=0)
