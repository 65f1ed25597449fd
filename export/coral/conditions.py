"""Under which conditions an Edge TPU takes an operator, as its vendor documents them."""

from __future__ import annotations

import math
from collections.abc import Callable

from ..file.graph import Graph, Step, Tensor
from .operators import UNCONDITIONAL

# Says why an operator can't run on an Edge TPU; nothing when it can.
Condition = Callable[[Graph, Step], str]
_SOFTMAX_LIMIT = 16_000


def inputs(graph: Graph, step: Step) -> list[Tensor]:
    """List the tensors that an operator takes."""
    return [graph.tensors[index] for index in step.inputs if index >= 0]


def _no_activation(graph: Graph, step: Step) -> str:
    return "has a fused activation" if step.options.get("fusedActivationFunction") else ""


def _concatenation(graph: Graph, step: Step) -> str:
    tensors = inputs(graph, step)
    if any(tensor.constant for tensor in tensors) and len(tensors) != 2:
        return "joins a constant with more than one tensor"
    return _no_activation(graph, step)


def _same_dilation(graph: Graph, step: Step) -> str:
    across, down = (step.options.get(f"dilation{axis}Factor", 1) for axis in "WH")
    return "has another dilation across than down" if across != down else ""


def _convolution(graph: Graph, step: Step) -> str:
    image, kernel, *_ = inputs(graph, step)
    if image.shape[-1] != kernel.shape[-1]:
        return "has groups of channels"
    return _same_dilation(graph, step)


def _dense(graph: Graph, step: Step) -> str:
    if any(tensor.scales > 1 for tensor in inputs(graph, step)[1:2]):
        return "has one scale a unit"
    return _flat(graph.tensors[step.outputs[0]], "gives")


def _softmax(graph: Graph, step: Step) -> str:
    (given,) = inputs(graph, step)
    if math.prod(given.shape) > _SOFTMAX_LIMIT:
        return f"takes more than {_SOFTMAX_LIMIT:,} numbers"
    return _flat(given, "takes")


def _flat(tensor: Tensor, verb: str) -> str:
    return f"{verb} more than one row of numbers" if math.prod(tensor.shape[:-1]) > 1 else ""


def _reduction(graph: Graph, step: Step) -> str:
    return "reduces the batch" if 0 in _axes(graph, step) else ""


def _mean(graph: Graph, step: Step) -> str:
    shape = inputs(graph, step)[0].shape
    if len(shape) - 1 in _axes(graph, step) and shape[-1] % 4:
        return "averages channels whose number isn't a multiple of 4"
    return _reduction(graph, step)


def _axes(graph: Graph, step: Step) -> set[int]:
    rank = len(inputs(graph, step)[0].shape)
    return {axis % rank for axis in graph.constants.get(step.inputs[1], ())}


def _pad(graph: Graph, step: Step) -> str:
    return "pads the batch" if any(graph.constants.get(step.inputs[1], ())[:2]) else ""


def _pack(graph: Graph, step: Step) -> str:
    return "packs along the batch" if step.options.get("axis") == 0 else ""


def _split(graph: Graph, step: Step) -> str:
    return "splits the batch" if graph.constants.get(step.inputs[0]) == (0,) else ""


def _prelu(graph: Graph, step: Step) -> str:
    slopes = inputs(graph, step)[1]
    return "has slopes for single pixels" if math.prod(slopes.shape[:-1]) > 1 else ""


def _strided_slice(graph: Graph, step: Step) -> str:
    if set(graph.constants.get(step.inputs[3], ())) != {1}:
        return "has strides other than 1"
    odd = step.options.get("ellipsisMask") or step.options.get("newAxisMask")
    return "adds axes or has an ellipsis" if odd else ""


def _resize_2d(graph: Graph, step: Step) -> str:
    return "" if len(inputs(graph, step)[0].shape) == 4 else "resizes what is no image"


SUPPORTED: dict[str, tuple[Condition, ...]] = {
    **dict.fromkeys(UNCONDITIONAL, ()),
    "AVERAGE_POOL_2D": (_no_activation,),
    "CONCATENATION": (_concatenation,),
    "CONV_2D": (_convolution,),
    "DEPTHWISE_CONV_2D": (_same_dilation,),
    "FULLY_CONNECTED": (_dense,),
    "MAX_POOL_2D": (_no_activation,),
    "MEAN": (_mean,),
    "PACK": (_pack,),
    "PAD": (_pad,),
    "PRELU": (_prelu,),
    "REDUCE_MAX": (_reduction,),
    "REDUCE_MIN": (_reduction,),
    "RESIZE_BILINEAR": (_resize_2d,),
    "RESIZE_NEAREST_NEIGHBOR": (_resize_2d,),
    "SOFTMAX": (_softmax,),
    "SPLIT": (_split,),
    "STRIDED_SLICE": (_strided_slice,),
    "SUM": (_reduction,),
}
