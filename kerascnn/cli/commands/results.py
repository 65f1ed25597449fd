"""`kerascnn results`: the experiments that prove the systems, and the table they write."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kerascnn.cli.console import errors, output
from kerascnn.cli.files import replacing

if TYPE_CHECKING:
    from kerascnn.cli.experiments import Result

_HEADER = """# Results

Written by `kerascnn results`, and by nothing else: each row is one system trained on the data
named, scored on its held-out test split in Keras and, after export, in a process in which
TensorFlow and Keras cannot be imported. A system passes when every condition holds in all three
forms. What was not measured is blank. The configurations are small, for minutes on two cores;
those of the papers are the builders' defaults.

"""
_COLUMNS = (
    "system",
    "configuration",
    "task",
    "data",
    "passes when",
    "metric",
    "Keras",
    "float32",
    "int8",
    "int8 bytes",
    "smaller by",
)


def results(
    names: list[str] = typer.Argument(None, help="Systems; all that have an experiment if none."),
    path: Path = typer.Option(Path("RESULTS.md"), "--output", help="The table; JSON beside it."),
    runs: Path | None = typer.Option(None, help="Keep the run folders here."),
) -> None:
    """Run the experiment of each system and write its row of the table.

    Rows of other systems stay as they are. Exit code 1 says that a system missed its mark.

    Examples:

        kerascnn results lenet5

        kerascnn results
    """
    from kerascnn import registry
    from kerascnn.cli.experiments import run_experiment

    systems = [registry.get_system(name) for name in names or registry.list_models()]
    chosen = list(dict.fromkeys(one.name for one in systems if one.experiment))
    missing = [one.name for one in systems if names and not one.experiment]
    if missing:
        raise ValueError(f"A system is proven by its experiment. It has none: {missing[0]}")
    failed = []
    for name in chosen:
        errors.print(f"[bold]{name}[/bold]")
        with tempfile.TemporaryDirectory() as scratch:
            result = run_experiment(name, (runs or Path(scratch)) / name)
        write_result(path, result)
        failed += [f"{name}: {condition}" for condition in result.failed]
        output.print(f"{name}: {'failed' if result.failed else 'passed'}")
    if failed:
        raise RuntimeError(f"These conditions did not hold: {'; '.join(failed)}")


def write_result(path: Path, result: Result) -> None:
    """Replace the row of a system in the table and in the JSON file beside it."""
    stored = path.with_suffix(".json")
    rows = json.loads(stored.read_text()) if stored.exists() else {}
    rows[result.system] = asdict(result)
    rows = dict(sorted(rows.items()))
    with replacing(stored) as working:
        working.write_text(json.dumps(rows, indent=2) + "\n")
    with replacing(path) as working:
        lines = [_COLUMNS, ["---"] * len(_COLUMNS), *map(_cells, rows.values())]
        table = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
        working.write_text(_HEADER + table)


def _cells(row: dict[str, Any]) -> list[str]:
    scores, sizes, metric = row["scores"], row["sizes"], row["metric"]
    measured = [
        f"{scores[form][metric]:.4g}" if form in scores else ""
        for form in ("keras", "float32", "int8")
    ]
    both = {"float32", "int8"} <= sizes.keys()
    return [
        row["system"],
        row["model"],
        row["task"],
        row["data"],
        ", ".join(row["conditions"]),
        metric,
        *measured,
        f"{sizes['int8']:,}" if "int8" in sizes else "",
        f"{sizes['float32'] / sizes['int8']:.1f}x" if both else "",
    ]
