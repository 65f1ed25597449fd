"""`kerascnn serve-config`: what TF Serving reads beside the models."""

from __future__ import annotations

from pathlib import Path

import typer

from kerascnn.edge.cli.console import output


def serve_config(
    folders: list[Path] = typer.Argument(..., help="Folders that export --saved-model wrote."),
    to: Path = typer.Option(Path("serving"), "--output", help="Where the two files go."),
    max_batch_size: int = typer.Option(32, min=1, help="Most examples run together, 1, 2, 4, ..."),
    batch_timeout: float = typer.Option(
        0.001, min=0.0, help="Longest time that a request waits for others, in seconds."
    ),
    threads: int | None = typer.Option(None, min=1, help="Batches run at the same time."),
) -> None:
    """Write models.config and batching.config, and print the command that serves the models.

    A model is named like its folder.

    Examples:

        kerascnn export runs/lenet5 --saved-model --output serving/lenet5

        kerascnn serve-config serving/lenet5 --output serving
    """
    from kerascnn.export import write_serving_config

    models = {folder.resolve().name: folder for folder in folders}
    if len(models) < len(folders):
        raise ValueError(
            f"Models are named like their folders, so no two may be alike. Received: {folders}"
        )
    command = write_serving_config(
        models, to, max_batch_size=max_batch_size, batch_timeout=batch_timeout, threads=threads
    )
    output.print(command, highlight=False, soft_wrap=True, markup=False)
