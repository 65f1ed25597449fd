"""Reads what `edgetpu_compiler` prints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ..file.flatbuffer import read_graphs
from ..file.graph import Graph
from ..file.naming import layer_of
from .advice import answer_to, instead_of
from .report import CoralReport, Placement

_MAPPED = "Mapped to Edge TPU"
_ROW = re.compile(r"(?m)^(\S+)[ \t]+(\d+)[ \t]+(\S.*\S)\s*$")
_SIZE = re.compile(r"On-chip memory used for caching model parameters: ([\d.]+)([KM]i)?B")
_OFF_CHIP = re.compile(
    r"Off-chip memory used for streaming uncached model parameters: ([\d.]+)([KM]i)?B"
)
_VERSION = re.compile(r"Edge TPU Compiler version (\S+)")
_UNITS = {None: 1, "Ki": 2**10, "Mi": 2**20}
# What says why a compilation failed, the most telling first.
_FAILURES = (
    r"Model not quantized",
    r"Didn't find op for builtin opcode.*",
    r".*only supports static-sized tensors.*",
    r"Compilation failed due to large activation tensors.*",
    r"ERROR: .*",
    r"Internal compiler error.*",
    r"Compilation failed: .*",
    r"Invalid model.*",
    r".*timed out.*|.*not complete within.*",
    r"Compilation failed.*",
)


def read_log(text: str, *, source: Path, path: Path) -> CoralReport:
    """Turn the output of a successful compilation into a report.

    Args:
        text: What the compiler printed, with `--show_operations`.
        source: The file it compiled, which holds the names of the layers.
        path: The compiled file.
    """
    (graph, *_) = read_graphs(source)
    version = _VERSION.search(text)
    off_chip = _bytes(_OFF_CHIP, text)
    notes = [f"Compiled by version {version[1]}."] if version else []
    if off_chip:
        notes.append(
            f"{off_chip:,} bytes of weights don't fit into the chip and are sent each run."
        )
    return CoralReport(
        path=path,
        source="compiled",
        placements=tuple(_placements(text, graph)),
        parameters=_bytes(_SIZE, text) + off_chip,
        notes=tuple(notes),
    )


def message_in(text: str) -> str:
    """Find why a compilation failed in what the compiler printed; empty when it doesn't say."""
    found = (match for pattern in _FAILURES if (match := re.search(pattern, text)))
    match = next(found, None)
    return match[0].strip() if match else ""


def _placements(text: str, graph: Graph) -> Iterator[Placement]:
    for name, count, status in _ROW.findall(text):
        same = [step for step in graph.steps if step.name == name]
        # The log names no tensors: the layers are known where all operators share one fate.
        layers = [layer_of(graph, step) for step in same] if len(same) == int(count) else []
        mapped = status == _MAPPED
        yield Placement(
            name=name,
            layer=", ".join(dict.fromkeys(filter(None, layers))),
            mapped=mapped,
            reason="" if mapped else status,
            remedy="" if mapped else _remedy(name, status),
            count=int(count),
            end=name in ("QUANTIZE", "DEQUANTIZE") and not mapped and _at_ends(graph, name, count),
        )


def _remedy(name: str, status: str) -> str:
    return (instead_of(name) if status == "Operation not supported" else "") or answer_to(status)


def _at_ends(graph: Graph, name: str, count: str) -> bool:
    """Whether as many operators of the file only turn its float ends into integers or back."""
    floats = [
        index
        for index in (graph.inputs if name == "QUANTIZE" else graph.outputs)
        if graph.tensors[index].floating
    ]
    return int(count) <= len(floats)


def _bytes(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.search(text)
    return round(float(match[1]) * _UNITS[match[2]]) if match else 0
