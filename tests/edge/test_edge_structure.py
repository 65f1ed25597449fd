"""Damaged files are errors, and never reach a runtime."""

import io
import os
import struct
import subprocess
import sys
import textwrap
import zipfile

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from kerascnn import edge


def _zip():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("model.tflite", b"nothing")
    return stream.getvalue()


FOREIGN = {
    "empty": b"",
    "short": b"TFL3",
    "text": b"This is not a model.\n" * 9,
    "png": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "zip": _zip(),
    "zeros": bytes(512),
    "identifier and zeros": bytes(4) + b"TFL3" + bytes(512),
    "identifier and ones": b"\xff\xff\xff\xffTFL3" + b"\xff" * 512,
    "identifier and noise": struct.pack("<I", 24)
    + b"TFL3"
    + np.random.default_rng(0).integers(0, 256, 4096, np.uint8).tobytes(),
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_file_is_an_error(tmp_path, content):
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    with pytest.raises(edge.ModelError, match=r"model\.tflite: A model file"):
        edge.load(path)


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.tflite"):
        edge.load(tmp_path / "none.tflite")


def test_every_cut_end_is_an_error(classifier):
    data = classifier.read_bytes()
    for size in range(len(data)):
        classifier.write_bytes(data[:size])
        with pytest.raises(edge.ModelError):
            edge.load(classifier)


def _change(path, change):
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(path.read_bytes(), 0))
    change(model, model.subgraphs[0])
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))


def _options(model, graph, name, value):
    setattr(graph.operators[0].builtinOptions, name, value)


CHANGES = {
    "version": (lambda m, g: setattr(m, "version", 2), "version 3"),
    "no codes": (lambda m, g: setattr(m, "operatorCodes", None), "no codes"),
    "no subgraphs": (lambda m, g: setattr(m, "subgraphs", []), "no subgraphs"),
    "no buffers": (lambda m, g: setattr(m, "buffers", None), "no buffers"),
    "no tensors": (lambda m, g: setattr(g, "tensors", None), "without tensors"),
    "buffer index": (lambda m, g: setattr(g.tensors[1], "buffer", 99), "in no buffer"),
    "negative size": (lambda m, g: setattr(g.tensors[0], "shape", [1, -4, 4, 1]), r"\[1, -4"),
    "input of no pixels": (lambda m, g: setattr(g.tensors[0], "shape", [1, 0, 4, 1]), "an input"),
    "huge": (lambda m, g: setattr(g.tensors[3], "shape", [1 << 30, 4, 4, 2]), "of shape"),
    "bytes of a constant": (lambda m, g: setattr(g.tensors[1], "shape", [2, 3, 3, 2]), "36 bytes"),
    "scales": (lambda m, g: setattr(g.tensors[1].quantization, "scale", [1, 1, 1]), "3 scales"),
    "nan": (lambda m, g: setattr(g.tensors[1].quantization, "scale", [np.nan]), "scale"),
    "zero points": (lambda m, g: setattr(g.tensors[1].quantization, "zeroPoint", [0] * 5), "zero"),
    "input index": (lambda m, g: setattr(g, "inputs", [99]), r"inputs \[99\]"),
    "output index": (lambda m, g: setattr(g, "outputs", [-1]), r"outputs \[-1\]"),
    "constant input": (lambda m, g: setattr(g, "inputs", [0, 1]), "an input"),
    "output never written": (lambda m, g: g.operators.pop(), "outputs"),
    "order": (lambda m, g: g.operators.reverse(), "operator 0 with inputs"),
    "left out": (lambda m, g: setattr(g.operators[0], "inputs", [-1, 1, 2]), r"with inputs \[-1"),
    "operand index": (lambda m, g: setattr(g.operators[2], "inputs", [5, 99, 7]), r"\{99\}"),
    "result index": (lambda m, g: setattr(g.operators[2], "outputs", [99]), "outputs"),
    "written constant": (lambda m, g: setattr(g.operators[2], "outputs", [6]), "outputs"),
    "inside index": (lambda m, g: setattr(g.operators[2], "intermediates", [99]), "inside"),
    "kind": (lambda m, g: setattr(g.operators[2], "opcodeIndex", 99), "of kind 99"),
    "no options": (lambda m, g: setattr(g.operators[0], "builtinOptions", None), "options"),
    "other options": (lambda m, g: setattr(g.operators[0], "builtinOptionsType", 5), "options"),
    "stride": (lambda m, g: _options(m, g, "strideW", 0), "stride_w=0"),
    "long stride": (lambda m, g: _options(m, g, "strideH", 1 << 20), "stride_h=1048576"),
    "dilation": (lambda m, g: _options(m, g, "dilationWFactor", -1), "dilation_w=-1"),
    "padding": (lambda m, g: _options(m, g, "padding", 7), "padding"),
    "groups": (lambda m, g: setattr(g.tensors[0], "shape", [1, 4, 4, 3]), "a convolution"),
    "no result": (lambda m, g: setattr(g.operators[0], "outputs", []), "without inputs or"),
    "places": (lambda m, g: _options(m, g, "strideW", 2), "of 4 for 2 places"),
    "places inside": (lambda m, g: _options(m, g, "padding", 1), "of 4 for 2 places"),
    "unnamed": (lambda m, g: setattr(m.signatureDefs[0], "inputs", []), "inputs named"),
    "signature": (lambda m, g: setattr(m.signatureDefs[0].inputs[0], "tensorIndex", 5), "'image'"),
}


@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES)
def test_what_would_crash_a_runtime_is_an_error(classifier, change, message):
    _change(classifier, change)
    with pytest.raises(edge.ModelError, match=message):
        edge.load(classifier)


def test_a_name_without_its_closing_zero_is_an_error(classifier):
    """Runtimes would read on."""
    classifier.write_bytes(classifier.read_bytes().replace(b"weights\0", b"weights!"))
    with pytest.raises(edge.ModelError, match="wrong near byte"):
        edge.load(classifier)


def test_sizes_that_the_file_leaves_open_are_not_checked(classifier):
    def leave_open(model, graph):
        graph.operators[0].builtinOptions.strideW = 2
        for i in (0, 3):
            graph.tensors[i].shapeSignature = [1, 4, -1, 1]

    _change(classifier, leave_open)
    with pytest.raises(edge.ModelError, match="refuses it"):  # the runtime, at the reshape
        edge.load(classifier)


def test_an_unchanged_model_is_accepted(classifier):
    _change(classifier, lambda model, graph: None)
    assert edge.load(classifier).inputs[0].name == "image"


def test_no_damage_crashes_the_process(classifier):
    """What is still a model is run."""
    script = """
        import sys, numpy as np
        from pathlib import Path
        from kerascnn import edge
        path = Path(sys.argv[1])
        data, outcomes = path.read_bytes(), {"error": 0, "ran": 0}
        for place in range(0, len(data), 4):
            damaged = bytearray(data)
            damaged[place] ^= (0xFF, 0x01, 0x80)[place // 4 % 3]
            path.write_bytes(damaged)
            try:
                model = edge.load(path)
                model({spec.name: np.zeros(spec.shape, spec.dtype) for spec in model.inputs})
                outcomes["ran"] += 1
            except ValueError:
                outcomes["error"] += 1
        print(*outcomes.values())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), classifier],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    errors, ran = map(int, done.stdout.split())
    assert errors > 100
    assert ran > 50
