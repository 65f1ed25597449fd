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


def write_model(
    path: Path,
    tensors: dict[str, tuple[Any, ...]],
    operators: list[tuple[Any, ...]],
    inputs: list[str],
    outputs: list[str],
    *,
    signature: dict[str, str] | None = None,
) -> Path:
    """Write a model.

    Args:
        path: Where to.
        tensors: Name -> (shape, dtype, scale, zero point, constant); the last three may be absent.
        operators: (operator's name, input names, output names, options).
        inputs: Names of the inputs.
        outputs: Names of the outputs.
        signature: Tensor name -> name in the signature, for inputs and outputs.

    Returns:
        The path.
    """
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.subgraphs = 3, [graph]
    model.buffers, model.operatorCodes = [schema.BufferT()], []
    graph.tensors, graph.operators, names = [], [], list(tensors)
    for name, (shape, dtype, *rest) in tensors.items():
        graph.tensors.append(_tensor(model, name, shape, dtype, *rest))
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
