"""Which connected part of a graph a delegate of TFLite gets."""

from __future__ import annotations

from collections.abc import Sequence

from ..file.graph import Graph


def first_part(graph: Graph, supported: Sequence[bool]) -> set[int]:
    """Find the first part of a graph whose operators a delegate can all run.

    TFLite runs a graph in turns of supported and unsupported operators, each turn taking all that
    can run by then; the Edge TPU's compiler takes the first supported turn and no other.

    Args:
        graph: The graph.
        supported: For each step whether the delegate knows it.

    Returns:
        Places of the steps in that part; empty when none is supported.
    """
    made = {index for step in graph.steps for index in step.outputs}
    ready = set(range(-1, len(graph.tensors))) - made
    waiting = list(range(len(graph.steps)))
    while waiting:
        part, turn = _turn(graph, supported, waiting, ready)
        if not part:
            break  # a step waits for what nothing gives: the file isn't in order
        if turn:
            return part
        waiting = [place for place in waiting if place not in part]
    return set()


def _turn(
    graph: Graph, supported: Sequence[bool], waiting: list[int], ready: set[int]
) -> tuple[set[int], bool]:
    """Take all waiting steps of one kind, the kind of the first that can run."""
    part: set[int] = set()
    kind: bool | None = None
    grown = True
    while grown:
        grown = False
        for place in waiting:
            step = graph.steps[place]
            if place in part or not ready.issuperset(step.inputs):
                continue
            if kind is None:
                kind = supported[place]
            if supported[place] == kind:
                part.add(place)
                ready.update(step.outputs)
                grown = True
    return part, bool(kind)
