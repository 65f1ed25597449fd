"""What a run is to be, from the words of the command line."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kerascnn import registry
from kerascnn.cli.runs import Run, new_folder
from kerascnn.data import least_side, list_options
from kerascnn.tasks import get_task


def configure(
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
    """Make a run of what the command line says.

    Args:
        system: Name of the system, or of a variant.
        task: Name of the task; the system's own when None.
        data: The data set; the task's own when None.
        tiny: Take the smallest faithful configuration.
        data_option: `key=value` words for the data set.
        model_option: `key=value` words for the builder.
        folder: The run folder; a new one below `runs` when None.
        **settings: The other fields of a `Run`.

    Raises:
        ValueError: If a name is unknown or an option has no `key=value` form.
    """
    found = registry.get_system(system)
    purpose = get_task(task or found.task)
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
    found = registry.get_system(system)
    default = inspect.signature(found.builder).parameters["input_shape"].default
    chosen = {"input_shape": default, **found.variants.get(system, {}), **model_options}
    if "size" not in list_options(name) or "size" in options:
        return options
    return {"size": max(chosen["input_shape"][0], least_side(name)), **options}


def parse_options(words: Sequence[str]) -> dict[str, Any]:
    """Read `key=value` words; values are Python literals where they can be, else text.

    Raises:
        ValueError: If a word has no equals sign.
    """
    options = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (key and equals):
            raise ValueError(f"An option has the form key=value. Received: {word}")
        try:
            options[key] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            options[key] = value
    return options
