"""Assembles the commands; those of a device are the same as in `kerascnn-edge`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import typer

from kerascnn.cli.commands.debug import debug as debug_layers
from kerascnn.cli.commands.demo import demo
from kerascnn.cli.commands.evaluate import evaluate
from kerascnn.cli.commands.export import export
from kerascnn.cli.commands.inspect import inspect
from kerascnn.cli.commands.list import list_systems
from kerascnn.cli.commands.query import query
from kerascnn.cli.commands.records import records
from kerascnn.cli.commands.results import results
from kerascnn.cli.commands.serve_config import serve_config
from kerascnn.cli.commands.train import train
from kerascnn.cli.commands.visualize import visualize
from kerascnn.cli.quiet import load_tensorflow
from kerascnn.edge.cli.app import DEBUG, call, mount

app = typer.Typer(
    name="kerascnn",
    help="Train convolutional systems in Keras 3, quantize them, run them anywhere.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


def _with_tensorflow(command: Callable[..., None]) -> Callable[..., None]:
    """Load TensorFlow before a command that needs it."""

    @functools.wraps(command)
    def loaded(**options: Any) -> None:
        load_tensorflow()
        command(**options)

    return loaded


app.command("list")(_with_tensorflow(list_systems))
app.command("train")(_with_tensorflow(train))
app.command("evaluate")(_with_tensorflow(evaluate))
app.command("export")(_with_tensorflow(export))
app.command("debug")(_with_tensorflow(debug_layers))
app.command("inspect")(inspect)
app.command("demo")(_with_tensorflow(demo))
app.command("results")(_with_tensorflow(results))
app.command("records")(_with_tensorflow(records))
app.command("serve-config")(serve_config)
app.command("query")(query)
app.command("visualize")(_with_tensorflow(visualize))
mount(app)


@app.callback()
def options(debug: bool = DEBUG) -> None:
    """Train convolutional systems in Keras 3, quantize them, run them anywhere."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `kerascnn` and exit.

    Args:
        arguments: The words after the command's name; those of the process when None.
    """
    call(app, arguments)
