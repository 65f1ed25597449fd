"""`kerascnn list`: the systems and what they are for."""

from __future__ import annotations

import typer

from kerascnn.edge.cli.console import show_json, show_table


def list_systems(
    pattern: str = typer.Argument("*", help="Shell-style wildcard over the names."),
    task: str | None = typer.Option(None, help="Only the systems of this task."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """List the systems that can be trained.

    Examples:

        kerascnn list

        kerascnn list "*net*" --task segmentation
    """
    from kerascnn.registry import get_system, list_models

    rows = [
        {
            "name": name,
            "task": system.task,
            "parameters": system.params.get(name),
            "summary": system.summary,
            "paper": system.paper,
        }
        for name in list_models(pattern, task=task)
        for system in [get_system(name)]
    ]
    if as_json:
        show_json(rows)
    else:
        columns = ("name", "task", "parameters", "summary")
        show_table("Systems", columns, ([row[key] for key in columns] for row in rows))
