"""Which layers of a quantization-aware model have no ranges that are known."""

from __future__ import annotations

import keras

from ..graphs.graph import Graph, Step, read
from ..graphs.kernels import has_kernel
from .fake import FakeQuantize, FakeQuantizedKernel
from .placement import is_known, ranges


def left_in_float(model: keras.Model) -> tuple[str, ...]:
    """Name the layers that `quantize_aware` left in float, and those that take their results.

    Args:
        model: A model from `quantize_aware`.
    """
    graph, rounded, ranged = _without_rounding(read(model))
    own = ranges(graph)
    found = {
        place
        for place, step in enumerate(graph.steps)
        if (place in own and not ranged.issuperset(step.results))
        or (has_kernel(step.operation) and place not in rounded)
    }
    size = -1
    while size != len(found):
        size = len(found)
        floating = {result for place in found for result in graph.steps[place].results} - ranged
        for place, step in enumerate(graph.steps):
            takes = not floating.isdisjoint(step.sources)
            # A convolution before a ReLU has the ReLU's range, or none.
            after = None if place in own else graph.only_consumer(step)
            if takes or any(graph.steps[other] is after for other in found):
                found.add(place)
    return tuple(dict.fromkeys(graph.steps[place].operation.name for place in sorted(found)))


def unknown(model: keras.Model) -> tuple[str, ...]:
    """Name the layers of which it is not known how they compute in int8.

    Args:
        model: A model from `quantize_aware`.
    """
    steps = _without_rounding(read(model))[0].steps
    found = [step.operation for step in steps if not is_known(step.operation)]
    return tuple(dict.fromkeys(operation.name for operation in found))


def _without_rounding(graph: Graph) -> tuple[Graph, set[int], set[int]]:
    """Take the rounding out of a graph; say which steps and which tensors had it."""
    before: dict[int, int] = {}  # a rounded tensor, and what was rounded
    steps: list[Step] = []
    rounded: set[int] = set()
    for step in graph.steps:
        sources = tuple(before.get(source, source) for source in step.sources)
        operation = step.operation
        if isinstance(operation, FakeQuantize):
            before[step.results[0]] = sources[0]
            continue
        if isinstance(operation, FakeQuantizedKernel):
            rounded.add(len(steps))
            operation = operation.layer
        steps.append(Step(operation, sources, step.results))
    outputs = tuple(before.get(output, output) for output in graph.outputs)
    return Graph(tuple(steps), graph.inputs, outputs), rounded, set(before.values())
