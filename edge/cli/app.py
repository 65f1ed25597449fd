"""The commands of a device, and how every failure becomes one line and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from .benchmark import benchmark
from .console import errors
from .doctor import doctor
from .run import run

app = typer.Typer(
    name="kerascnn-edge",
    help="Run and time exported models, without TensorFlow.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
DEBUG = typer.Option(False, "--debug", help="Show the traceback of a failure.")


@app.callback()
def _options(debug: bool = DEBUG) -> None:
    """Run and time exported models, without TensorFlow."""


def mount(commands: typer.Typer) -> None:
    """Add the commands of a device to an application."""
    commands.command("run")(run)
    commands.command("benchmark")(benchmark)
    commands.command("doctor")(doctor)


def call(commands: typer.Typer, arguments: Sequence[str] | None) -> None:
    """Run a command line and exit: 0 when all went well, 1 on a failure, 130 on Ctrl-C.

    Args:
        commands: The application.
        arguments: The words after the command's name; those of the process when None.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        commands(words)
    except Exception as error:
        if debug:
            raise
        message = " ".join(str(error).split()) or type(error).__name__
        errors.print(f"error: {message}", markup=False, highlight=False)
        sys.exit(1)


mount(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `kerascnn-edge` and exit.

    Args:
        arguments: The words after the command's name; those of the process when None.
    """
    call(app, arguments)
