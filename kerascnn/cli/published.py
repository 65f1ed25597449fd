"""The tables that publish what experiments measured: RESULTS.md, its JSON and the README's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerascnn.edge.cli.files import replacing

if TYPE_CHECKING:
    from kerascnn.cli.experiments import Result

HEADER = """# Results

Written by `kerascnn results`, and by nothing else: each row is one system trained on the data
named, scored on its held-out test split in Keras and, after export, in a process in which
TensorFlow and Keras cannot be imported. int8 is quantized after training, qat trained with its
rounding. A system passes when every condition holds in all four forms and, where the metric is an
accuracy or a mean IoU, int8 loses at most 0.005 of the float model's and qat at most 0.002, of a
mean average precision a twentieth, where the row allows no other loss, and 99 % of the qat file's
answers are those of the Keras model that trained with its rounding. What was not measured is blank.
The configurations are small, for minutes on two cores; those of the papers are the builders'
defaults. What an Edge TPU runs is predicted for the int8 file; what stays on the CPU are the
conversions of floats at its ends.

"""
COLUMNS = (
    "system",
    "configuration",
    "task",
    "data",
    "passes when",
    "metric",
    "Keras",
    "float32",
    "int8",
    "qat",
    "qat file agrees",
    "int8 bytes",
    "smaller by",
    "operators on the TPU",
)
SHORT = (
    "system",
    "metric",
    "float32",
    "int8 after training (PTQ)",
    "int8 by training (QAT)",
    "bytes, float32 to int8",
    "operators on an Edge TPU",
)
BEGIN, END = "<!-- written by `kerascnn results` -->\n", "<!-- end -->"


def write_result(path: Path, result: Result) -> None:
    """Replace the row of a system in the table and in the JSON file beside it.

    A README beside them that holds the two marks gets the short table between them.

    Args:
        path: The table, such as `RESULTS.md`.
        result: What was measured.
    """
    stored, readme = path.with_suffix(".json"), path.with_name("README.md")
    rows = json.loads(stored.read_text()) if stored.exists() else {}
    rows[result.system] = asdict(result)
    rows = dict(sorted(rows.items()))
    with replacing(stored) as working:
        working.write_text(json.dumps(rows, indent=2) + "\n")
    with replacing(path) as working:
        working.write_text(HEADER + _table(COLUMNS, map(_cells, rows.values())))
    text = readme.read_text() if readme.exists() else ""
    if BEGIN in text and END in text:
        before, _, rest = text.partition(BEGIN)
        after = rest.partition(END)[2]
        with replacing(readme) as working:
            working.write_text(before + BEGIN + short_table(rows) + END + after)


def short_table(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Give the table of the README.

    Args:
        rows: What `RESULTS.json` holds.
    """
    return _table(SHORT, map(_short_cells, rows.values()))


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _cells(row: Mapping[str, Any]) -> list[str]:
    sizes = row["sizes"]
    return [
        row["system"],
        row["model"],
        row["task"],
        row["data"],
        ", ".join(row["conditions"]),
        row["metric"],
        *(_score(row, form) for form in ("keras", "float32", "int8", "qat")),
        "" if row.get("agreement") is None else f"{row['agreement']:.2%}",
        _size(row, "int8"),
        f"{sizes['float32'] / sizes['int8']:.1f}x" if {"float32", "int8"} <= sizes.keys() else "",
        _mapped(row),
    ]


def _short_cells(row: Mapping[str, Any]) -> list[str]:
    sizes = " to ".join(filter(None, (_size(row, form) for form in ("float32", "int8"))))
    scores = (_score(row, form) for form in ("float32", "int8", "qat"))
    return [f"`{row['system']}`", row["metric"], *scores, sizes, _mapped(row)]


def _score(row: Mapping[str, Any], form: str) -> str:
    return f"{row['scores'][form][row['metric']]:.4g}" if form in row["scores"] else ""


def _size(row: Mapping[str, Any], form: str) -> str:
    return f"{row['sizes'][form]:,}" if form in row["sizes"] else ""


def _mapped(row: Mapping[str, Any]) -> str:
    placed = row.get("edge_tpu", {}).get("int8")
    return f"{placed['mapped']} of {placed['total']}" if placed else ""
