"""The operators of a `.tflite` file, with their types, costs and the Keras layers behind them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from .cost import macs
from .graph import Graph, Step
from .naming import layer_of

CONVERSIONS = frozenset({"QUANTIZE", "DEQUANTIZE"})


@dataclass(frozen=True)
class Operator:
    """One operator of a file, in the order they run.

    Args:
        name: Its TFLite name, such as `CONV_2D`.
        version: Version of the operator that the file asks the runtime for.
        dtype: Element type of its result.
        weights: Element type of its constant operand, empty when it has none.
        layer: Path of the Keras layers behind it, empty when not known.
        macs: Multiply-accumulates.
        floating: Whether it reads or writes floating-point numbers; turning the float inputs and
            outputs of the model into integers and back doesn't count.
        custom: Whether it is none of the builtin operators, such as one of TensorFlow itself.
    """

    name: str
    version: int
    dtype: str
    weights: str
    layer: str
    macs: int
    floating: bool
    custom: bool


@dataclass(frozen=True)
class OperatorCount:
    """How often an operator stands in a file with one version and one result type."""

    name: str
    version: int
    dtype: str
    count: int


def read_operators(graphs: tuple[Graph, ...], paths: Collection[str] = ()) -> tuple[Operator, ...]:
    """List the operators of every graph in the order they run.

    Args:
        graphs: The graphs of a file, the one that runs first.
        paths: Paths of all layers of the Keras model, where it is at hand.
    """
    return tuple(
        _operator(graph, step, paths, outer=graph is graphs[0])
        for graph in graphs
        for step in graph.steps
    )


def _operator(graph: Graph, step: Step, paths: Collection[str], *, outer: bool) -> Operator:
    tensors = graph.tensors
    given = [tensors[index] for index in step.inputs if index >= 0]
    made = [tensors[index] for index in step.outputs if index >= 0]
    constants = [tensor for tensor in given if tensor.constant]
    moving = [tensor for tensor in given if not tensor.constant]
    return Operator(
        name=step.name,
        version=step.version,
        dtype=made[0].dtype if made else "",
        weights=max(constants, key=lambda tensor: tensor.bytes).dtype if constants else "",
        layer=layer_of(graph, step, paths),
        macs=macs(graph, step),
        floating=any(tensor.floating for tensor in moving + made)
        and not (outer and at_an_end(graph, step)),
        custom=step.custom,
    )


def at_an_end(graph: Graph, step: Step) -> bool:
    """Whether the operator only turns a float end of the model into integers or back."""
    return (step.name == "QUANTIZE" and step.inputs[0] in graph.inputs) or (
        step.name == "DEQUANTIZE" and step.outputs[0] in graph.outputs
    )
