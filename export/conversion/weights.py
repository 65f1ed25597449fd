"""Stores the kernels of a float file in int8, and leaves the computing in float."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from ..file.flatbuffer import schema

# The axis of the kernel of each operator along which every entry gets a scale of its own.
_AXES = {
    "CONV_2D": 0,
    "CONV_3D": 4,
    "DEPTHWISE_CONV_2D": 3,
    "FULLY_CONNECTED": 0,
    "TRANSPOSE_CONV": 0,
}
_LEAST = 1024  # numbers; rounding smaller kernels saves less than the operator before them takes
_VERSION = 5  # of DEQUANTIZE, the first that knows one scale a channel


def round_weights(data: bytes) -> bytes:
    """Store the large kernels in int8, each with an operator behind it that gives floats again.

    Symmetric, with one scale an output channel. TensorFlow's converter has no such form: its
    dynamic range also rounds what goes into a layer.

    Args:
        data: A `.tflite` file in float32.

    Returns:
        The file, about a quarter of its size.
    """
    tflite = schema()
    model = tflite.ModelT.InitFromObj(tflite.Model.GetRootAs(bytearray(data), 0))
    codes = {getattr(tflite.BuiltinOperator, name): axis for name, axis in _AXES.items()}
    model.operatorCodes.append(_dequantize(tflite))
    for graph in model.subgraphs:
        made: dict[int, int] = {}  # a kernel, and its float form
        steps: list[Any] = []
        for step in graph.operators:
            code = model.operatorCodes[step.opcodeIndex]
            axis = codes.get(max(code.builtinCode, code.deprecatedBuiltinCode))
            at = -1 if axis is None else int(step.inputs[1])
            if at >= 0 and at not in made and _is_large(tflite, model, graph.tensors[at]):
                made[at] = len(graph.tensors)
                steps.append(_round(tflite, model, graph, at, axis))
            step.inputs = [made.get(int(index), int(index)) for index in step.inputs]
            steps.append(step)
        graph.operators = steps
    builder = import_module("flatbuffers").Builder(len(data))
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _round(tflite: Any, model: Any, graph: Any, at: int, axis: int | None) -> Any:
    """Turn a kernel into int8 in place, add its float form, and give the operator between."""
    stored = graph.tensors[at]
    values = _values(model, stored)
    others = tuple(index for index in range(values.ndim) if index != axis)
    scales = np.maximum(np.abs(values).max(others, keepdims=True), 1e-30) / 127.0
    model.buffers[stored.buffer] = tflite.BufferT()
    model.buffers[stored.buffer].data = (
        np.round(values / scales).astype("int8").view("uint8").ravel()
    )
    plain = tflite.TensorT()
    plain.name, plain.shape, plain.type = stored.name + b"/float", stored.shape, stored.type
    graph.tensors.append(plain)
    stored.type = tflite.TensorType.INT8
    stored.quantization = tflite.QuantizationParametersT()
    stored.quantization.scale = scales.ravel().astype("float32")
    stored.quantization.zeroPoint = np.zeros(scales.size, "int64")
    stored.quantization.quantizedDimension = axis
    step = tflite.OperatorT()
    step.opcodeIndex, step.inputs = len(model.operatorCodes) - 1, [at]
    step.outputs = [len(graph.tensors) - 1]
    return step


def _is_large(tflite: Any, model: Any, tensor: Any) -> bool:
    data = model.buffers[tensor.buffer].data
    return tensor.type == tflite.TensorType.FLOAT32 and data is not None and len(data) >= 4 * _LEAST


def _values(model: Any, tensor: Any) -> npt.NDArray[np.float32]:
    data = np.asarray(model.buffers[tensor.buffer].data, "uint8")
    return data.view("<f4").reshape(tensor.shape)


def _dequantize(tflite: Any) -> Any:
    code = tflite.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = tflite.BuiltinOperator.DEQUANTIZE
    code.version = _VERSION
    return code
