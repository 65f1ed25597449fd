"""Refuses files that the oldest runtime of a device would refuse, or compute wrongly."""

from __future__ import annotations

import re
from collections.abc import Collection

from ..errors import ExportError
from ..file.graph import Graph, Step
from ..file.meaning import rules_for
from ..file.oldest import loads_from, oldest_place, place_of, runtimes
from .naming import layers_of

_LATER = "raise min_runtime, or build the layer from other operations"
# A pattern of operator names, for those whose newer versions have an older equal.
_REMEDIES = (
    (
        r"TRANSPOSE_CONV",
        "leave the ReLU out behind the transposed convolution, or quantize to int8",
    ),
    (r"CONV_2D", "write the groups as convolutions of their own: quantize='int8' does"),
    (r"TILE", "resize with layers.Resizing(height, width, 'nearest')"),
    (r"SQRT|LOG|EXP", "rearrange the formula around rsqrt"),
    (r"GELU", "use swish or a ReLU"),
    (r"FULLY_CONNECTED", "quantize dense layers with one scale for all units"),
)


def check_runtime(
    graphs: tuple[Graph, ...],
    min_runtime: str,
    *,
    layers: Collection[str] = (),
    allow: Collection[str] = (),
) -> None:
    """Check that a runtime loads every operator of a file and computes it rightly.

    Args:
        graphs: The graphs of the file.
        min_runtime: The oldest runtime that must run it, such as `2.5`.
        layers: Paths of all layers of the Keras model.
        allow: Names of operators that may be newer.

    Raises:
        ValueError: If it is no runtime that was measured.
        ExportError: If an operator is too new, with its layer and the way out.
    """
    place = place_of(min_runtime)
    bad: dict[str, None] = {}
    ways: dict[str, None] = {}
    for graph in graphs:
        for step, layer in zip(graph.steps, layers_of(graph, layers), strict=True):
            if step.custom or step.name in allow or oldest_place(graph, step) <= place:
                continue
            bad[f"{_what(graph, step)} in {layer}"] = None
            ways[_way_out(graph, step, place)] = None
    if bad:
        raise ExportError(
            f"Every operator must be right in {runtimes()[place]}: {'; '.join(ways)}. "
            f"Received: {'; '.join(bad)}"
        )


def _what(graph: Graph, step: Step) -> str:
    oldest = oldest_place(graph, step)
    needs = runtimes()[oldest] if oldest < len(runtimes()) else "a newer runtime than was measured"
    harm = "".join(f", as older ones {rule.harm}" for rule in rules_for(graph, step))
    return f"{step.name} version {step.version} (needs {needs}{harm})"


def _way_out(graph: Graph, step: Step, place: int) -> str:
    if loads_from(step) <= place:
        return rules_for(graph, step)[0].remedy
    found = (way for pattern, way in _REMEDIES if re.fullmatch(pattern, step.name))
    return next(found, _LATER)
