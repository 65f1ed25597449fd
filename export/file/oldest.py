"""Which runtime is the oldest that runs a file, from measured tables of operator versions."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from .graph import Graph, Step
from .meaning import rules_for

_TABLE = Path(__file__).with_name("operator_versions.json")
_RUNTIME = re.compile(
    r"(?:(tensorflow lite|tflite|litert)\s+)?v?(\d+)\.(\d+)(?:\.\w+)*", re.IGNORECASE
)


def oldest_runtime(graphs: tuple[Graph, ...]) -> str | None:
    """Name the oldest measured runtime that loads every operator and computes it rightly.

    Returns:
        Such as `"TensorFlow Lite 2.5"`, the oldest one that was measured; None when the file needs
        a newer runtime than the newest one that was measured, or operators of its own.
    """
    names = runtimes()
    oldest = max((oldest_place(graph, step) for graph in graphs for step in graph.steps), default=0)
    return names[oldest] if oldest < len(names) else None


def oldest_place(graph: Graph, step: Step) -> int:
    """Find the oldest measured runtime that loads an operator and computes it rightly.

    Returns:
        Its place in `runtimes()`; one past the end when none does.
    """
    rules = rules_for(graph, step)
    return max(loads_from(step), *(runtimes().index(rule.runtime) for rule in rules), 0)


def loads_from(step: Step) -> int:
    """Place of the oldest measured runtime that knows an operator's version, right or wrong."""
    newest_version = _table()["operators"].get(step.name, [0] * len(runtimes()))
    return sum(1 for version in newest_version if version < step.version)


def runtimes() -> list[str]:
    """Names of the runtimes that were measured, the oldest first."""
    return list(_table()["runtimes"])


def place_of(min_runtime: str) -> int:
    """Find the measured runtime that stands for one that a caller names.

    A runtime between two measured ones counts as the older of them: it knows no less.

    Args:
        min_runtime: Such as `2.5` or `TensorFlow Lite 2.5`, or `LiteRT 2.3`.

    Raises:
        ValueError: If it is no runtime, or one older than all that were measured.
    """
    match = _RUNTIME.fullmatch(str(min_runtime).strip())
    if match:
        wanted = (str(match[1]).lower() == "litert", int(match[2]), int(match[3]))
        places = [place for place, name in enumerate(runtimes()) if _order(name) <= wanted]
        if places:
            return places[-1]
    raise ValueError(
        "min_runtime must be a runtime that was measured or a newer one: "
        f"{', '.join(runtimes())}. Received: min_runtime={min_runtime!r}"
    )


def is_builtin(name: str) -> bool:
    """Tell whether an operator is one of TFLite's own."""
    return name in _table()["operators"]


def _order(name: str) -> tuple[bool, int, int]:
    kind, number = name.rsplit(" ", 1)
    major, minor = number.split(".")
    return kind == "LiteRT", int(major), int(minor)


@cache
def _table() -> Any:
    return json.loads(_TABLE.read_text(encoding="utf-8"))
