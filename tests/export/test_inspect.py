"""Reading a file without TensorFlow, and files that are none."""

import contextlib
import json
import subprocess
import sys

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import Builder

from kerascnn import export
from kerascnn.edge import Metadata, ModelError, write_metadata

CODES = {name: code for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}


def tensor(name, shape, kind=schema.TensorType.INT8, *, buffer=0, scales=()):
    made = schema.TensorT()
    made.name, made.shape, made.type, made.buffer = name, list(shape), kind, buffer
    if scales:
        made.quantization = schema.QuantizationParametersT()
        made.quantization.scale = list(scales)
        made.quantization.zeroPoint = [3] * len(scales)
    return made


def operator(index, inputs, outputs):
    made = schema.OperatorT()
    made.opcodeIndex, made.inputs, made.outputs = index, inputs, outputs
    return made


def write(path, tensors, operators, inputs, outputs, *, buffers=((),)):
    """Write a model of `(name, version, inputs, outputs)` operators with the official schema."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.operatorCodes, model.subgraphs = 3, [], [graph]
    graph.tensors, graph.inputs, graph.outputs, graph.operators = tensors, inputs, outputs, []
    for index, (name, version, taken, given) in enumerate(operators):
        code = schema.OperatorCodeT()
        code.builtinCode, code.version = CODES.get(name, CODES["CUSTOM"]), version
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        if name not in CODES:
            code.customCode = name
        model.operatorCodes.append(code)
        graph.operators.append(operator(index, taken, given))
    model.buffers = []
    for data in buffers:
        buffer = schema.BufferT()
        buffer.data = list(data)
        model.buffers.append(buffer)
    builder = Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


@pytest.fixture
def dense(tmp_path):
    """An int8 dense layer with float ends and a float ELU behind it."""
    floating = schema.TensorType.FLOAT32
    return write(
        tmp_path / "dense.tflite",
        [
            tensor("x", (1, 4), floating),
            tensor("net_1/dense_1/quantized", (1, 4), scales=(0.5,)),
            tensor("net_1/dense_1/MatMul", (3, 4), buffer=1, scales=(0.1,)),
            tensor("net_1/dense_1/add", (1, 3), scales=(0.25,)),
            tensor("back", (1, 3), floating),
            tensor("net_1/elu_1/Elu", (1, 3), floating),
        ],
        [
            ("QUANTIZE", 1, [0], [1]),
            ("FULLY_CONNECTED", 4, [1, 2, -1], [3]),
            ("DEQUANTIZE", 2, [3], [4]),
            ("ELU", 1, [4], [5]),
        ],
        [0],
        [5],
        buffers=((), range(12)),
    )


def test_operators_are_listed_in_the_order_they_run(dense):
    found = export.inspect(dense)
    assert [(node.name, node.version, node.dtype, node.weights) for node in found.nodes] == [
        ("QUANTIZE", 1, "int8", ""),
        ("FULLY_CONNECTED", 4, "int8", "int8"),
        ("DEQUANTIZE", 2, "float32", ""),
        ("ELU", 1, "float32", ""),
    ]
    assert [node.layer for node in found.nodes] == ["dense", "dense", "", "elu"]
    assert found.macs == 12
    assert found.runtime == "TensorFlow Lite 2.5"
    assert found.size == dense.stat().st_size


def test_turning_the_input_into_integers_is_no_float_operator(dense):
    assert [node.name for node in export.inspect(dense).float_operators] == ["DEQUANTIZE", "ELU"]


def test_ends_have_shape_type_and_scale(dense, tmp_path):
    (taken,) = export.inspect(dense).inputs
    assert (taken.name, taken.shape, taken.dtype) == ("x", (1, 4), "float32")
    path = write(
        tmp_path / "relu.tflite",
        [tensor("x", (1, 4), scales=(0.5,)), tensor("y", (1, 4), scales=(0.25,))],
        [("RELU", 2, [0], [1])],
        [0],
        [1],
    )
    (given,) = export.inspect(path).outputs
    assert (given.scale, given.zero_point, given.dtype) == (0.25, 3, "int8")


def test_a_dense_layer_with_a_scale_for_each_unit_is_noted(tmp_path):
    path = write(
        tmp_path / "m.tflite",
        [
            tensor("x", (1, 4), scales=(0.5,)),
            tensor("w", (3, 4), buffer=1, scales=(0.1, 0.2, 0.3)),
            tensor("y", (1, 3), scales=(0.25,)),
        ],
        [("FULLY_CONNECTED", 4, [0, 1, -1], [2])],
        [0],
        [2],
        buffers=((), range(12)),
    )
    found = export.inspect(path)
    assert found.runtime == "TensorFlow Lite 2.10"
    assert "before TensorFlow Lite 2.10" in found.notes[0]


def test_an_operator_of_tensorflow_is_custom(tmp_path):
    path = write(
        tmp_path / "m.tflite",
        [tensor("x", (1, 4)), tensor("y", (1, 4))],
        [("FlexErf", 1, [0], [1])],
        [0],
        [1],
    )
    found = export.inspect(path)
    assert [(node.name, node.custom) for node in found.nodes] == [("FlexErf", True)]
    assert found.runtime is None


def test_the_description_inside_is_read(dense):
    write_metadata(dense, Metadata(task="classification", labels=("a", "b", "c")))
    assert export.inspect(dense).metadata.labels == ("a", "b", "c")


def test_the_json_and_the_table_say_the_same(dense):
    found = export.inspect(dense)
    fields = json.loads(found.to_json())
    assert [kind["name"] for kind in fields["operators"]] == list(found.table().columns[0].cells)
    assert fields["macs"] == 12
    assert len(fields["float_operators"]) == 2
    assert "float operators: 2" in found.summary()


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError):
        export.inspect(tmp_path / "nothing.tflite")


@pytest.mark.parametrize("content", [b"", b"TFL3", b"PK\x03\x04" + bytes(60), bytes(4) + b"TFL3"])
def test_a_foreign_file_is_refused(tmp_path, content):
    path = tmp_path / "foreign.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"TFLite|damaged"):
        export.inspect(path)


def test_a_truncated_file_is_refused_wherever_it_ends(dense):
    content = dense.read_bytes()
    for end in range(0, len(content) - 8, 16):
        dense.write_bytes(content[:end])
        with pytest.raises(ModelError):
            export.inspect(dense)


def test_a_damaged_file_never_raises_anything_else(dense):
    generator = np.random.default_rng(0)
    content = dense.read_bytes()
    for _ in range(300):
        damaged = bytearray(content)
        for place in generator.integers(8, len(content), 3):
            damaged[place] = generator.integers(256)
        dense.write_bytes(damaged)
        with contextlib.suppress(ModelError):
            export.inspect(dense)


def test_inspect_imports_neither_keras_nor_tensorflow(dense):
    code = (
        "import sys; from kerascnn.export import inspect; inspect(sys.argv[1]);"
        "sys.exit(any(name in sys.modules for name in ('keras', 'tensorflow')))"
    )
    assert subprocess.run([sys.executable, "-c", code, str(dense)], check=False).returncode == 0
