"""Writes transposed convolutions without the fused ReLU that only new runtimes know."""

from __future__ import annotations

from typing import Any

import flatbuffers

from ..file.flatbuffer import schema

_FUSED_VERSION, _PLAIN_VERSION = 4, 3  # of TRANSPOSE_CONV
_LOWEST = -128


def drop_relus(data: bytes) -> bytes:
    """Leave out the ReLU fused into int8 transposed convolutions where the range cuts it off.

    A result whose lowest integer stands for 0 holds nothing below 0, and one whose highest stands
    for at most 6 holds nothing above: the bits of the answers stay the same, and runtimes from
    2.5 on load the file instead of those from 2.13 on.

    Args:
        data: A `.tflite` file.

    Returns:
        The file; the same bytes when there is nothing to leave out.
    """
    tflite = schema()
    model = tflite.ModelT.InitFromObj(tflite.Model.GetRootAs(bytearray(data), 0))
    changed = False
    for graph in model.subgraphs:
        for operator in graph.operators:
            if _is_fused(tflite, model, operator) and _cuts(tflite, graph, operator):
                operator.builtinOptions.fusedActivationFunction = 0
                operator.opcodeIndex = _plain(model, operator.opcodeIndex)
                changed = True
    if not changed:
        return data
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _is_fused(tflite: Any, model: Any, operator: Any) -> bool:
    code = model.operatorCodes[operator.opcodeIndex]
    return bool(
        code.builtinCode == tflite.BuiltinOperator.TRANSPOSE_CONV
        and code.version == _FUSED_VERSION
        and operator.builtinOptions.fusedActivationFunction != 0
    )


def _cuts(tflite: Any, graph: Any, operator: Any) -> bool:
    tensor = graph.tensors[operator.outputs[0]]
    if tensor.type != tflite.TensorType.INT8 or tensor.quantization.zeroPoint[0] != _LOWEST:
        return False
    scale = float(tensor.quantization.scale[0])
    kind = operator.builtinOptions.fusedActivationFunction
    functions = tflite.ActivationFunctionType
    # Half a step above 6 rounds to what 6 rounds to.
    return bool(
        kind == functions.RELU or (kind == functions.RELU6 and 255 * scale <= 6 + scale / 2)
    )


def _plain(model: Any, index: int) -> int:
    """Index of the same operator in its older version, added to the model where it is missing."""
    fused = model.operatorCodes[index]
    for other, code in enumerate(model.operatorCodes):
        if (code.builtinCode, code.version) == (fused.builtinCode, _PLAIN_VERSION):
            return other
    # The object API knows the class only from an instance.
    plain = type(fused)()
    plain.builtinCode, plain.deprecatedBuiltinCode = fused.builtinCode, fused.deprecatedBuiltinCode
    plain.version = _PLAIN_VERSION
    model.operatorCodes.append(plain)
    return len(model.operatorCodes) - 1
