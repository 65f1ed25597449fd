"""Which runtime is the oldest that runs a file, from measured tables of operator versions."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from .graph import Graph, Step

_TABLE = Path(__file__).with_name("operator_versions.json")


def oldest_runtime(graphs: tuple[Graph, ...]) -> str | None:
    """Name the oldest measured runtime that loads every operator and computes it rightly.

    Returns:
        Such as `"TensorFlow Lite 2.5"`, the oldest one that was measured; None when the file needs
        a newer runtime than the newest one that was measured, or operators of its own.
    """
    runtimes = _table()["runtimes"]
    needed = max(
        (_oldest(graph, step) for graph in graphs for step in graph.steps),
        default=0,
    )
    return runtimes[needed] if needed < len(runtimes) else None


def _oldest(graph: Graph, step: Step) -> int:
    table = _table()
    newest_version = table["operators"].get(step.name, [0] * len(table["runtimes"]))
    loads = sum(1 for version in newest_version if version < step.version)
    return max(loads, _right_from(graph, step))


def _right_from(graph: Graph, step: Step) -> int:
    """Index of the first runtime that computes rightly what older ones load and get wrong."""
    runtimes = _table()["runtimes"]
    if per_channel_dense(graph, step):
        return int(runtimes.index("TensorFlow Lite 2.10"))
    if step.name == "DIV" and graph.tensors[step.outputs[0]].dtype == "int8":
        return int(runtimes.index("LiteRT 2.3"))
    return 0


def per_channel_dense(graph: Graph, step: Step) -> bool:
    """Whether a dense operator has one scale a unit.

    The converter writes it under the version of one scale for all, so older runtimes load it and
    use the first scale for every unit.
    """
    weights = [graph.tensors[index] for index in step.inputs[1:2] if index >= 0]
    return step.name == "FULLY_CONNECTED" and any(tensor.scales > 1 for tensor in weights)


@cache
def _table() -> Any:
    return json.loads(_TABLE.read_text(encoding="utf-8"))
