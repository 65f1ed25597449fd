"""`kerascnn results`: the experiments that prove the systems, and the table they write."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import typer

from kerascnn.cli.published import write_result
from kerascnn.edge.cli.console import errors, output


def results(
    names: list[str] = typer.Argument(None, help="Systems; all that have an experiment if none."),
    path: Path = typer.Option(Path("RESULTS.md"), "--output", help="The table; JSON beside it."),
    runs: Path | None = typer.Option(None, help="Keep the run folders here."),
    pictures: Path | None = typer.Option(None, help="Keep what the systems predict here."),
) -> None:
    """Run the experiment of each system and write its row of the table.

    Rows of other systems stay as they are; the README beside the table gets the short one. Exit
    code 1 says that a system missed its mark.

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
            folder = (runs or Path(scratch)) / name
            result = run_experiment(name, folder)
            if pictures:
                pictures.mkdir(parents=True, exist_ok=True)
                shutil.copy(folder / "predictions.png", pictures / f"{name}.png")
        write_result(path, result)
        failed += [f"{name}: {condition}" for condition in result.failed]
        output.print(f"{name}: {'failed' if result.failed else 'passed'}")
    if failed:
        raise RuntimeError(f"These conditions did not hold: {'; '.join(failed)}")
