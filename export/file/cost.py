"""What running a graph costs: multiply-accumulates and working memory, from the shapes alone."""

from __future__ import annotations

import math
from collections.abc import Callable

from .graph import Graph, Step, Tensor


def macs(graph: Graph, step: Step) -> int:
    """Count the multiply-accumulates of one operator.

    Convolutions, transposed convolutions, dense layers and matrix products are counted; what only
    adds, compares or moves counts 0. Unknown dimensions count as 1.
    """
    count = _COUNTS.get(step.name)
    if count is None:
        return 0
    inputs = [graph.tensors[index] for index in step.inputs if index >= 0]
    return count(inputs, graph.tensors[step.outputs[0]])


def arena(graph: Graph) -> int:
    """Estimate the peak of the bytes that hold inputs, outputs and intermediate results at once.

    A runtime adds padding and the scratch space of its kernels, so it needs somewhat more.
    """
    live = {index for index in graph.inputs if not graph.tensors[index].constant}
    last = {used: at for at, step in enumerate(graph.steps) for used in step.inputs}
    last |= dict.fromkeys(graph.outputs, len(graph.steps))
    peak = sum(graph.tensors[index].bytes for index in live)
    for at, step in enumerate(graph.steps):
        live |= set(step.outputs)
        peak = max(peak, sum(graph.tensors[index].bytes for index in live))
        live = {index for index in live if last.get(index, -1) > at}
    return peak


def _size(shape: tuple[int, ...]) -> int:
    return math.prod(max(size, 1) for size in shape)


def _convolution(inputs: list[Tensor], output: Tensor) -> int:
    _, *window = inputs[1].shape  # (filters, ..., channels of the group)
    return _size(output.shape) * _size(tuple(window))


def _depthwise(inputs: list[Tensor], output: Tensor) -> int:
    _, height, width, _ = inputs[1].shape  # (1, height, width, filters)
    return _size(output.shape) * height * width


def _transposed(inputs: list[Tensor], output: Tensor) -> int:
    filters, height, width, _ = inputs[1].shape  # each input element meets the whole window
    return _size(inputs[2].shape) * filters * height * width


def _volume(inputs: list[Tensor], output: Tensor) -> int:
    *window, _ = inputs[1].shape  # (depth, height, width, channels, filters)
    return _size(output.shape) * _size(tuple(window))


def _dense(inputs: list[Tensor], output: Tensor) -> int:
    return _size(output.shape) * inputs[1].shape[-1]  # (units, features)


def _matrices(inputs: list[Tensor], output: Tensor) -> int:
    # The left operand holds rows x inner numbers, whichever way round they lie.
    *batch, rows, columns = output.shape
    inner = _size(inputs[0].shape[-2:]) // max(rows, 1)
    return _size(tuple(batch)) * max(rows, 1) * max(columns, 1) * inner


_COUNTS: dict[str, Callable[[list[Tensor], Tensor], int]] = {
    "CONV_2D": _convolution,
    "CONV_3D": _volume,
    "DEPTHWISE_CONV_2D": _depthwise,
    "TRANSPOSE_CONV": _transposed,
    "FULLY_CONNECTED": _dense,
    "BATCH_MATMUL": _matrices,
}
