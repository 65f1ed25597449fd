"""What the GPU delegate of LiteRT takes.

From the guide "GPU delegates for LiteRT" of ai.google.dev/edge/litert; the newer operators from
`gpu_compatibility.cc` of the LiteRT sources, both as of 2026.
"""

from __future__ import annotations

from ..file.graph import Graph, Step

DOCUMENTED = frozenset(
    {
        "ADD",
        "AVERAGE_POOL_2D",
        "CONCATENATION",
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "EXP",
        "FULLY_CONNECTED",
        "LOGICAL_AND",
        "LOGISTIC",
        "LSTM",
        "MAXIMUM",
        "MAX_POOL_2D",
        "MINIMUM",
        "MUL",
        "PAD",
        "PRELU",
        "RELU",
        "RELU6",
        "RESHAPE",
        "RESIZE_BILINEAR",
        "SOFTMAX",
        "STRIDED_SLICE",
        "SUB",
        "TRANSPOSE_CONV",
    }
)
NEWER = frozenset(
    {
        "BATCH_MATMUL",
        "DEQUANTIZE",
        "ELU",
        "GATHER",
        "GELU",
        "HARD_SWISH",
        "LEAKY_RELU",
        "MEAN",
        "QUANTIZE",
        "REDUCE_MAX",
        "RESIZE_NEAREST_NEIGHBOR",
        "RSQRT",
        "SPACE_TO_DEPTH",
        "SPLIT",
        "SQRT",
        "SQUARE",
        "SUM",
        "TANH",
        "TILE",
        "TRANSPOSE",
    }
)
_AXES = 4


def why_not(graph: Graph, step: Step) -> str:
    """Say why the delegate leaves an operator to the CPU; nothing when it doesn't."""
    if step.name not in DOCUMENTED | NEWER:
        return "is no operator of the GPU delegate"
    moving = [graph.tensors[i] for i in (*step.inputs, *step.outputs) if i >= 0]
    moving = [tensor for tensor in moving if not tensor.constant]
    if any(len(tensor.shape) > _AXES for tensor in moving):
        return f"has more than {_AXES} dimensions"
    if any(-1 in tensor.shape for tensor in moving):
        return "has a shape that is known only when the model runs"
    return ""


def notes(graph: Graph) -> tuple[str, ...]:
    """Say which operators only newer delegates take."""
    newer = sorted({step.name for step in graph.steps} & (NEWER - {"QUANTIZE", "DEQUANTIZE"}))
    return (f"Only newer GPU delegates take {', '.join(newer)}.",) if newer else ()
