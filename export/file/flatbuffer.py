"""Reads the graphs of a `.tflite` file into plain Python, without a runtime."""

from __future__ import annotations

import importlib
import struct
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from kerascnn.edge import ModelError

from .graph import Graph, Step, Tensor

_SCHEMAS = ("ai_edge_litert.schema_py_generated", "tensorflow.lite.python.schema_py_generated")
_MOST_BYTES = 256  # of a constant whose values are kept
# What the generated readers raise on damaged bytes: they check nothing themselves.
_DAMAGE = (
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)


def read_graphs(path: Path) -> tuple[Graph, ...]:
    """Read every graph of a model file; the first is the one that runs.

    Raises:
        FileNotFoundError: If there is no such file.
        ModelError: If the file isn't a TFLite model or is damaged.
        ModuleNotFoundError: If neither ai-edge-litert nor tensorflow is installed.
    """
    data = path.read_bytes()
    if data[4:8] != b"TFL3":
        raise ModelError(f"A model file must be a TFLite flatbuffer. Received: {path}")
    tflite = schema()
    try:
        model = tflite.ModelT.InitFromObj(tflite.Model.GetRootAs(bytearray(data), 0))
        graphs = tuple(_graph(model, index) for index in range(len(model.subgraphs)))
        graphs[0].ends(graphs[0].outputs)[0]  # a model has a graph, which has an output
    except _DAMAGE as error:
        raise ModelError(
            f"The model file is damaged; copy or export it again. Received: {path}"
        ) from error
    return graphs


def _graph(model: Any, index: int) -> Graph:
    graph = model.subgraphs[index]
    tensors = tuple(_tensor(model, tensor) for tensor in graph.tensors)
    steps = tuple(_step(model, operator) for operator in _items(graph.operators))
    for step in steps:
        for used in (*step.inputs, *step.outputs):
            if not -1 <= used < len(tensors):
                raise IndexError(used)
    names = {
        end.tensorIndex: end.name.decode("utf-8")
        for signature in _items(model.signatureDefs)
        if signature.subgraphIndex == index
        for end in (*_items(signature.inputs), *_items(signature.outputs))
    }
    constants = {
        index: values
        for index, tensor in enumerate(graph.tensors)
        if (values := _integers(model.buffers[tensor.buffer].data, tensors[index].dtype))
    }
    return Graph(tensors, steps, _indices(graph.inputs), _indices(graph.outputs), names, constants)


def _integers(data: Any, dtype: str) -> tuple[int, ...]:
    if dtype not in ("int32", "int64") or not 0 < len(_items(data)) <= _MOST_BYTES:
        return ()
    return tuple(np.frombuffer(bytes(bytearray(data)), dtype).tolist())


def _tensor(model: Any, tensor: Any) -> Tensor:
    buffer = model.buffers[tensor.buffer]
    quantization = tensor.quantization
    scales = _items(quantization.scale if quantization else None)
    zero_points = _items(quantization.zeroPoint if quantization else None)
    # The signature of the shape keeps what the shape itself fixes to 1.
    shape = tensor.shapeSignature if len(_items(tensor.shapeSignature)) else tensor.shape
    return Tensor(
        name=(tensor.name or b"").decode("utf-8"),
        shape=_indices(shape),
        dtype=_names("TensorType")[tensor.type].lower(),
        scale=float(scales[0]) if len(scales) == 1 else 0.0,
        zero_point=int(zero_points[0]) if len(zero_points) == 1 else 0,
        scales=len(scales),
        constant=len(_items(buffer.data)) > 0 or buffer.offset > 1,
    )


def _step(model: Any, operator: Any) -> Step:
    code = model.operatorCodes[operator.opcodeIndex]
    # Codes above 127 don't fit the first field of the format; the larger one counts.
    name = _names("BuiltinOperator")[max(code.builtinCode, code.deprecatedBuiltinCode)]
    custom = name == "CUSTOM"
    if custom:
        name = (code.customCode or b"").decode("utf-8") or name
    inputs, outputs = _indices(operator.inputs), _indices(operator.outputs)
    options = vars(operator.builtinOptions) if operator.builtinOptions else {}
    numbers = {key: int(value) for key, value in options.items() if isinstance(value, int)}
    return Step(name, code.version, inputs, outputs, custom, numbers)


def _items(values: Any) -> Any:
    return () if values is None else values


def _indices(values: Any) -> tuple[int, ...]:
    return tuple(int(value) for value in _items(values))


@cache
def _names(enumeration: str) -> dict[int, str]:
    members = vars(getattr(schema(), enumeration)).items()
    return {code: name for name, code in members if isinstance(code, int)}


@cache
def schema() -> Any:
    """Give the readers that the schema of TFLite generates, from whichever package has them."""
    for name in _SCHEMAS:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    raise ModuleNotFoundError(
        "Reading a .tflite file needs ai-edge-litert. Install it with: "
        'pip install "kerascnn[edge]"',
        name="ai_edge_litert",
    )
