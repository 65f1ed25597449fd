"""Tiny `.tflite` files, written by hand, so that no test needs a converter."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

TYPES = {
    "float32": schema.TensorType.FLOAT32,
    "float16": schema.TensorType.FLOAT16,
    "int32": schema.TensorType.INT32,
    "int8": schema.TensorType.INT8,
    "uint8": schema.TensorType.UINT8,
    "int16": schema.TensorType.INT16,
}


@pytest.fixture
def write_model(tmp_path: Path) -> Callable[..., Path]:
    """Give the function that writes a model of the given tensors and operators to a new file."""

    def write(*parts: Any, name: str = "model.tflite", **options: Any) -> Path:
        return write_file(tmp_path / name, *parts, **options)

    return write


def write_file(
    path: Path,
    tensors: dict[str, tuple[Any, ...]],
    operators: list[tuple[Any, ...]],
    inputs: list[str],
    outputs: list[str],
    *,
    signature: dict[str, str] | None = None,
    variables: tuple[str, ...] = (),
) -> Path:
    """Write a model.

    Args:
        path: Where to.
        tensors: Name -> (shape, dtype, scale, zero point, constant); the last three may be absent.
        operators: (operator's name, input names, output names, options).
        inputs: Names of the inputs.
        outputs: Names of the outputs.
        signature: Tensor name -> name in the signature, for inputs and outputs.
        variables: Names of the tensors that keep their values between runs.

    Returns:
        The path.
    """
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.subgraphs = 3, [graph]
    model.buffers, model.operatorCodes = [schema.BufferT()], []
    graph.tensors, graph.operators, names = [], [], list(tensors)
    for name, (shape, dtype, *rest) in tensors.items():
        graph.tensors.append(_tensor(model, name, shape, dtype, *rest))
        graph.tensors[-1].isVariable = name in variables
    for kind, reads, writes, options in operators:
        code = schema.OperatorCodeT()
        if hasattr(schema.BuiltinOperator, kind):
            code.builtinCode = getattr(schema.BuiltinOperator, kind)
        else:
            code.builtinCode, code.customCode = schema.BuiltinOperator.CUSTOM, kind
        code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
        operator = schema.OperatorT()
        operator.opcodeIndex = len(model.operatorCodes)
        operator.inputs = [names.index(name) for name in reads]
        operator.outputs = [names.index(name) for name in writes]
        if options is not None:
            operator.builtinOptions = options
            kind = type(options).__name__.removesuffix("T")
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
        model.operatorCodes.append(code)
        graph.operators.append(operator)
    graph.inputs = [names.index(name) for name in inputs]
    graph.outputs = [names.index(name) for name in outputs]
    if signature:
        model.signatureDefs = [_signature(names, inputs, outputs, signature)]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def _tensor(model, name, shape, dtype, scale=None, zero_point=0, constant=None):
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type = name, list(shape), TYPES[dtype]
    if scale is not None:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = [scale]
        tensor.quantization.zeroPoint = [zero_point]
    if constant is not None:
        tensor.buffer = len(model.buffers)
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(np.asarray(constant, dtype).tobytes(), np.uint8)
        model.buffers.append(buffer)
    return tensor


def _signature(names, inputs, outputs, given):
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = "serve", 0

    def ends(tensors):
        maps = []
        for name in given:
            if name in tensors:
                entry = schema.TensorMapT()
                entry.name, entry.tensorIndex = given[name], names.index(name)
                maps.append(entry)
        return maps

    signature.inputs, signature.outputs = ends(inputs), ends(outputs)
    return signature


def window(options: Any, stride: int = 1) -> Any:
    """Set the strides of a convolution's or pooling's options; padding is SAME."""
    options.strideW = options.strideH = stride
    return options


@pytest.fixture
def classifier(write_model: Callable[..., Path]) -> Path:
    """An int8 model of 4x4 grey pictures: convolution, reshape, fully connected, 3 scores."""
    random = np.random.default_rng(0)
    kernel = random.integers(-127, 128, (2, 3, 3, 1))
    weights = random.integers(-127, 128, (3, 32))
    return write_model(
        {
            "x": ((1, 4, 4, 1), "int8", 1 / 255, -128),
            "kernel": ((2, 3, 3, 1), "int8", 0.01, 0, kernel),
            "bias": ((2,), "int32", 0.01 / 255, 0, [500, -500]),
            "maps": ((1, 4, 4, 2), "int8", 0.02, -10),
            "size": ((2,), "int32", None, 0, [1, 32]),
            "flat": ((1, 32), "int8", 0.02, -10),
            "weights": ((3, 32), "int8", 0.01, 0, weights),
            "offset": ((3,), "int32", 0.0002, 0, [0, 1000, -1000]),
            "y": ((1, 3), "int8", 0.1, 5),
        },
        [
            ("CONV_2D", ["x", "kernel", "bias"], ["maps"], window(schema.Conv2DOptionsT())),
            ("RESHAPE", ["maps", "size"], ["flat"], None),
            ("FULLY_CONNECTED", ["flat", "weights", "offset"], ["y"], full()),
        ],
        ["x"],
        ["y"],
        signature={"x": "image", "y": "scores"},
        name="classifier.tflite",
    )


def full() -> Any:
    """Options of a fully connected layer."""
    return schema.FullyConnectedOptionsT()


@pytest.fixture
def identity(write_model: Callable[..., Path]) -> Callable[..., Path]:
    """Give the function that writes a model whose float outputs are its input, reshaped."""

    def write(shape: tuple[int, ...], *outputs: tuple[int, ...], **options: Any) -> Path:
        tensors = {"x": (shape, "float32")}
        for i, output in enumerate(outputs):
            tensors[f"size{i}"] = ((len(output),), "int32", None, 0, list(output))
            tensors[f"y{i}"] = (output, "float32")
        operators = [("RESHAPE", ["x", f"size{i}"], [f"y{i}"], None) for i in range(len(outputs))]
        names = [f"y{i}" for i in range(len(outputs))]
        return write_model(tensors, operators, ["x"], names, **options)

    return write
