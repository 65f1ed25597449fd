"""Assembles the commands and turns every failure into one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from kerascnn.cli import benchmark, demo, doctor, evaluate, inspect, listing, results, run, train
from kerascnn.cli import export as export_command
from kerascnn.cli.console import errors

app = typer.Typer(
    name="kerascnn",
    help="Train convolutional systems in Keras 3, quantize them, run them anywhere.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for command in (
    listing.list_systems,
    train.train,
    evaluate.evaluate,
    export_command.export,
    inspect.inspect,
    run.run,
    benchmark.benchmark,
    demo.demo,
    results.results,
    doctor.doctor,
):
    name = "list" if command is listing.list_systems else command.__name__
    app.command(name)(command)


@app.callback()
def options(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of a failure."),
) -> None:
    """Train convolutional systems in Keras 3, quantize them, run them anywhere."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 when all went well, 1 on a failure, 130 on Ctrl-C.

    Args:
        arguments: The words after the command's name; those of the process when None.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    # TensorFlow logs an error wherever there is no GPU; what fails raises anyway.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        app(words)
    except Exception as error:
        if debug:
            raise
        message = " ".join(str(error).split()) or type(error).__name__
        errors.print(f"error: {message}", markup=False, highlight=False)
        sys.exit(1)
