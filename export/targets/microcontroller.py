"""What TensorFlow Lite for Microcontrollers takes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from ..file.graph import Graph, Step
from .planner import Buffer, plan

_TABLE = Path(__file__).with_name("microcontroller_operators.json")
_ALIGNMENT = 16  # bytes; tensors start at multiples of it


def why_not(graph: Graph, step: Step) -> str:
    """Say why the interpreter can't run an operator; nothing when it can."""
    if step.name not in operators():
        return "is no operator of TensorFlow Lite for Microcontrollers"
    tensors = [graph.tensors[i] for i in (*step.inputs, *step.outputs) if i >= 0]
    if any(-1 in tensor.shape for tensor in tensors):
        return "has a shape that is known only when the model runs"
    return ""


@cache
def operators() -> frozenset[str]:
    """Names of the operators that there are kernels for."""
    return frozenset(json.loads(_TABLE.read_text(encoding="utf-8"))["operators"])


def arena(graph: Graph) -> int:
    """Bytes of the tensors as the interpreter's memory planner lays them out.

    The interpreter's own records and the scratch space of kernels come on top.
    """
    buffers = lifetimes(graph)
    ends = (at + buffer.size for at, buffer in zip(plan(buffers), buffers, strict=True))
    return max(ends, default=0)


def lifetimes(graph: Graph) -> list[Buffer]:
    """List the tensors that need memory, with the steps from which to which they live."""
    first = {index: 0 for index in graph.inputs if not graph.tensors[index].constant}
    last = dict(first)
    for place, step in enumerate(graph.steps):
        for index in step.outputs:
            first.setdefault(index, place)
            last[index] = place
        last |= {index: place for index in step.inputs if index in first}
    last |= {index: len(graph.steps) - 1 for index in graph.outputs if index in first}
    return [
        Buffer(-(-graph.tensors[index].bytes // _ALIGNMENT) * _ALIGNMENT, first[index], last[index])
        for index in sorted(first)
    ]
