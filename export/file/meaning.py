"""Operators that old runtimes load and compute wrongly: their version number doesn't tell."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .graph import Graph, Step, Tensor


@dataclass(frozen=True)
class Rule:
    """One form of an operator that is right only from some runtime on.

    Args:
        operators: Names of the operators it is about; none for all.
        applies: Whether an operator has the form.
        runtime: The oldest measured runtime that computes it rightly.
        harm: What older runtimes do with it.
        remedy: What to change.
    """

    operators: frozenset[str]
    applies: Callable[[Graph, Step], bool]
    runtime: str
    harm: str
    remedy: str


def rules_for(graph: Graph, step: Step) -> list[Rule]:
    """List the rules that an operator comes under."""
    return [
        rule
        for rule in RULES
        if (not rule.operators or step.name in rule.operators) and rule.applies(graph, step)
    ]


def per_channel_dense(graph: Graph, step: Step) -> bool:
    """Whether a dense operator has one scale a unit."""
    return step.name == "FULLY_CONNECTED" and any(t.scales > 1 for t in _weights(graph, step))


def _per_channel_dense_of_integers(graph: Graph, step: Step) -> bool:
    return per_channel_dense(graph, step) and not graph.tensors[step.inputs[0]].floating


def _per_channel_dense_of_floats(graph: Graph, step: Step) -> bool:
    return per_channel_dense(graph, step) and graph.tensors[step.inputs[0]].floating


def _of_int8(graph: Graph, step: Step) -> bool:
    return graph.tensors[step.outputs[0]].dtype == "int8"


def _spreads_oddly(graph: Graph, step: Step) -> bool:
    """Whether one operand is spread over the other along more axes than the fast forms have.

    Those take equal axes, axes along which one operand has 1 entry, equal ones, axes along which
    the other has 1, and equal ones; older runtimes do the rest in 4 axes at most.
    """
    shapes = [graph.tensors[index].shape for index in step.inputs if index >= 0]
    rank = max(map(len, shapes))
    if rank < 5 or len(shapes) != 2:
        return False
    first, second = ((1,) * (rank - len(shape)) + shape for shape in shapes)
    kinds = "".join(
        "=" if a == b else "a" if a == 1 else "b" for a, b in zip(first, second, strict=True)
    )
    return not re.fullmatch("=*(a*=*b*|b*=*a*)=*", kinds)


def _spreads_floats_oddly(graph: Graph, step: Step) -> bool:
    return _spreads_oddly(graph, step) and graph.tensors[step.outputs[0]].floating


def _spreads_integers_oddly(graph: Graph, step: Step) -> bool:
    return _spreads_oddly(graph, step) and not graph.tensors[step.outputs[0]].floating


def _has_four_bits(graph: Graph, step: Step) -> bool:
    return any(graph.tensors[index].dtype == "int4" for index in step.inputs if index >= 0)


def _weights(graph: Graph, step: Step) -> list[Tensor]:
    return [graph.tensors[index] for index in step.inputs[1:2] if index >= 0]


_DENSE = frozenset({"FULLY_CONNECTED"})
_PER_TENSOR = "quantize dense layers with one scale for all units, as kerascnn.export does"
_FOUR_AXES = "reshape to at most 4 axes before a smaller tensor is spread over a larger one"
RULES = (
    Rule(
        operators=_DENSE,
        applies=_per_channel_dense_of_integers,
        runtime="TensorFlow Lite 2.10",
        harm="use the scale of the first unit for every unit",
        remedy=_PER_TENSOR,
    ),
    Rule(
        operators=_DENSE,
        applies=_per_channel_dense_of_floats,
        runtime="LiteRT 2.3",
        harm="use the scale of the first unit for every unit, or refuse the file",
        remedy=_PER_TENSOR,
    ),
    Rule(
        operators=frozenset({"DIV"}),
        applies=_of_int8,
        runtime="LiteRT 2.3",
        harm="load the file and fail when it runs",
        remedy="write a / b as a * rsqrt(b) * rsqrt(b), for a positive b",
    ),
    Rule(
        operators=frozenset({"ADD", "MUL"}),
        applies=_spreads_floats_oddly,
        runtime="TensorFlow Lite 2.8",
        harm="end the process",
        remedy=_FOUR_AXES,
    ),
    Rule(
        operators=frozenset({"SUB"}),
        applies=_spreads_integers_oddly,
        runtime="TensorFlow Lite 2.8",
        harm="end the process",
        remedy=_FOUR_AXES,
    ),
    Rule(
        operators=frozenset({"ADD"}),
        applies=_spreads_integers_oddly,
        runtime="TensorFlow Lite 2.13",
        harm="end the process",
        remedy=_FOUR_AXES,
    ),
    Rule(
        operators=frozenset({"MUL"}),
        applies=_spreads_integers_oddly,
        runtime="LiteRT 2.3",
        harm="end the process",
        remedy=_FOUR_AXES,
    ),
    Rule(
        operators=frozenset(),
        applies=_has_four_bits,
        runtime="LiteRT 2.3",
        harm="read weights of 4 bits as others, or refuse the file",
        remedy="keep weights of 8 bits",
    ),
)
