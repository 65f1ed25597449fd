"""`kerascnn train`: any system on any data set of its task, into a run folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import typer

from kerascnn.edge.cli.console import errors, output, show_json, show_table


def train(
    system: str | None = typer.Argument(None, help="A name that `kerascnn list` shows."),
    data: str | None = typer.Option(
        None,
        help="A data set by name, a folder of pictures by class, a .npz file, or a folder with the "
        "annotations of COCO.",
    ),
    task: str | None = typer.Option(None, help="What to train for; the system's own by default."),
    epochs: int | None = typer.Option(
        None, min=1, help="Passes over the training split; 10, or as many as a resumed run has."
    ),
    batch_size: int = typer.Option(64, min=1, help="Examples a step."),
    learning_rate: float | None = typer.Option(None, min=0.0, help="Step size."),
    seed: int = typer.Option(0, help="Seed of the weights, the order and the noise."),
    tiny: bool = typer.Option(False, "--tiny", help="The smallest faithful configuration."),
    data_option: list[str] = typer.Option([], help="key=value for the data set, such as size=28."),
    model_option: list[str] = typer.Option([], help="key=value for the system."),
    folder: Path | None = typer.Option(None, "--run", help="The run folder, new by default."),
    resume: Path | None = typer.Option(None, help="Go on with the run in this folder."),
    strategy: str = typer.Option(
        "auto", help="What to train on: auto, cpu, gpu, mirrored, multi_worker or tpu."
    ),
    synchronize: bool = typer.Option(
        False, "--synchronize", help="Let batch normalisation see the batch of all replicas."
    ),
    steps_per_execution: int = typer.Option(
        1, min=1, help="Steps between two looks at the progress; more keep fast devices busy."
    ),
    accumulation_steps: int = typer.Option(
        1, min=1, help="Batches whose gradients are added up to one change of the weights."
    ),
    xla: bool = typer.Option(False, "--xla", help="Compile the step by XLA, at first slowly."),
    precision: str = typer.Option("float32", help="float32, mixed_float16 or mixed_bfloat16."),
    keep_best: bool = typer.Option(
        False, "--keep-best", help="Keep best.keras too, of the least loss on held-out examples."
    ),
    tensorboard: bool = typer.Option(False, "--tensorboard", help="Write logs for TensorBoard."),
    cache: bool = typer.Option(False, "--cache", help="Keep decoded examples in memory."),
    as_json: bool = typer.Option(False, "--json", help="Print the test score as JSON."),
) -> None:
    """Train a system and score it on the held-out test split.

    Ctrl-C keeps the last whole epoch; --resume goes on from it.

    Examples:

        kerascnn train lenet5 --data digits --epochs 5

        kerascnn train unet --tiny --data shapes

        kerascnn train resnet20 --data path/to/folder --data-option size=32

        kerascnn train --resume runs/unet --epochs 20

        kerascnn train resnet50 --data path/to/folder --strategy mirrored --batch-size 256
    """
    from kerascnn.cli.configuration import configure
    from kerascnn.cli.runs import Run
    from kerascnn.cli.training import train_run
    from kerascnn.training.distribution import choose

    if resume is not None:
        if system or task or data or tiny or data_option or model_option or folder:
            raise ValueError(
                "A resumed run keeps what it began with; only --epochs can be changed. "
                f"Received: --resume {resume} with further options"
            )
        run = Run.open(resume)
        run = dataclasses.replace(run, epochs=epochs or run.epochs)
    elif system is None:
        raise ValueError("Name a system, or a folder with --resume. See: kerascnn list")
    else:
        run = configure(
            system,
            task=task,
            data=data,
            epochs=epochs or 10,
            batch_size=batch_size,
            learning_rate=learning_rate,
            seed=seed,
            tiny=tiny,
            data_option=data_option,
            model_option=model_option,
            folder=folder,
            precision=precision,
        )
    chosen, why = choose(strategy)
    if strategy != "auto" or chosen.num_replicas_in_sync > 1:
        errors.print(why, markup=False, highlight=False)
    try:
        scores = train_run(
            run,
            resume=resume is not None,
            strategy=chosen,
            synchronize=synchronize,
            steps_per_execution=steps_per_execution,
            accumulation_steps=accumulation_steps,
            xla=xla,
            keep_best=keep_best,
            tensorboard=tensorboard,
            cache=cache,
        )
    except KeyboardInterrupt:
        errors.print(f"Interrupted. Go on with: kerascnn train --resume {run.folder}")
        raise
    if as_json:
        show_json({"run": str(run.folder), "test": scores})
        return
    if scores:
        show_table(f"{run.system} on the test split", ("metric", "value"), scores.items())
    else:
        output.print(f"No metric of {run.task} fits this data; look at the predictions.")
    output.print(f"Run folder: {run.folder}", highlight=False)
