"""Which Keras layer each operator of a graph comes from, as far as that is known."""

from __future__ import annotations

from collections.abc import Collection

from ..file.graph import Graph
from ..file.naming import layer_of


def layers_of(graph: Graph, layers: Collection[str] = ()) -> list[str]:
    """Name for each operator its layer, or the layer that it follows.

    Args:
        graph: The graph.
        layers: Paths of all layers of the Keras model.
    """
    names = []
    name = "the input"
    for step in graph.steps:
        found = layer_of(graph, step, layers)
        name = found or f"what follows {name.removeprefix('what follows ')}"
        names.append(name)
    return names
