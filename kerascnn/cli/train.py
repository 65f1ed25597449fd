"""`kerascnn train`: any system on any data set of its task, into a run folder."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kerascnn.cli.console import output, show_json, show_table

if TYPE_CHECKING:
    from kerascnn.cli.runs import Run


def train(
    system: str | None = typer.Argument(None, help="A name that `kerascnn list` shows."),
    data: str | None = typer.Option(
        None, help="A data set by name, a folder of pictures by class, or a .npz file."
    ),
    task: str | None = typer.Option(None, help="What to train for; the system's own by default."),
    epochs: int = typer.Option(10, min=1, help="Passes over the training split."),
    batch_size: int = typer.Option(64, min=1, help="Examples a step."),
    learning_rate: float | None = typer.Option(None, min=0.0, help="Step size."),
    seed: int = typer.Option(0, help="Seed of the weights, the order and the noise."),
    tiny: bool = typer.Option(False, "--tiny", help="The smallest faithful configuration."),
    data_option: list[str] = typer.Option([], help="key=value for the data set, such as size=28."),
    model_option: list[str] = typer.Option([], help="key=value for the system."),
    folder: Path | None = typer.Option(None, "--run", help="The run folder, new by default."),
    resume: Path | None = typer.Option(None, help="Go on with the run in this folder."),
    as_json: bool = typer.Option(False, "--json", help="Print the test score as JSON."),
) -> None:
    """Train a system and score it on the held-out test split.

    Ctrl-C keeps the last whole epoch; --resume goes on from it.

    Examples:

        kerascnn train lenet5 --data digits --epochs 5

        kerascnn train unet --tiny --data shapes

        kerascnn train resnet20 --data path/to/folder --data-option size=32

        kerascnn train --resume runs/unet
    """
    from kerascnn.cli.runs import Run

    if resume is not None:
        run = Run.open(resume)
    elif system is None:
        raise ValueError("Name a system, or a folder with --resume. See: kerascnn list")
    else:
        run = _configure(
            system,
            task=task,
            data=data,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            seed=seed,
            tiny=tiny,
            data_option=data_option,
            model_option=model_option,
            folder=folder,
        )
    scores = train_run(run, resume=resume is not None)
    if as_json:
        show_json({"run": str(run.folder), "test": scores})
        return
    show_table(f"{run.system} on the test split", ("metric", "value"), scores.items())
    output.print(f"Run folder: {run.folder}", highlight=False)


def train_run(run: Run, *, resume: bool = False) -> dict[str, float]:
    """Train a run into its folder and score it on the test split.

    Args:
        run: What to train.
        resume: Go on with the last whole epoch in the folder.

    Returns:
        The score by metric.
    """
    from kerascnn.cli.pipeline import score_keras
    from kerascnn.tasks.fit import train as fit

    if not resume:
        if (run.folder / "config.json").exists():
            raise ValueError(
                f"A run folder is used once; go on with --resume {run.folder} or name another "
                f"with --run. Received: {run.folder}"
            )
        run.save()
    fit(
        run.build(),
        run.purpose,
        run.dataset,
        run.folder,
        epochs=run.epochs,
        batch_size=run.batch_size,
        learning_rate=run.learning_rate,
        resume=resume,
        seed=run.seed,
    )
    return score_keras(run)


def _configure(
    system: str,
    *,
    task: str | None,
    data: str | None,
    tiny: bool,
    data_option: list[str],
    model_option: list[str],
    folder: Path | None,
    **settings: Any,
) -> Run:
    from kerascnn import registry, tasks
    from kerascnn.cli.runs import Run, new_folder, parse_options

    found = registry.get_system(system)
    purpose = tasks.get_task(task or found.task)
    model_options = {**(found.tiny if tiny else {}), **parse_options(model_option)}
    data_name = data or purpose.data
    return Run(
        folder=folder or new_folder(Path("runs"), system),
        system=system,
        task=purpose.name,
        data=data_name,
        data_options=_sized(data_name, parse_options(data_option), system, model_options),
        # The data decides the shape of the input.
        model_options={k: v for k, v in model_options.items() if k != "input_shape"},
        **settings,
    )


def _sized(
    name: str, options: dict[str, Any], system: str, model_options: dict[str, Any]
) -> dict[str, Any]:
    """Ask data that can be made at any size for the size that the system is made for."""
    from kerascnn import data, registry

    found = registry.get_system(system)
    default = inspect.signature(found.builder).parameters["input_shape"].default
    chosen = {"input_shape": default, **found.variants.get(system, {}), **model_options}
    if "size" not in data.list_options(name) or "size" in options:
        return options
    return {"size": chosen["input_shape"][0], **options}
