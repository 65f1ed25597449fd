"""`doctor`: what is installed, what is usable, what to install."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
from dataclasses import asdict
from typing import Any

import typer

from ..measuring.board import describe_machine, read_board
from ..measuring.emulation import emulator
from ..runtime.interpreters import delegates, runtimes
from .console import output, show_json, show_table

_PACKAGES = {
    "numpy": "everything",
    "tensorflow": "training and export",
    "keras": "training and export",
    "matplotlib": "training curves and pictures",
    "scikit-learn": "the bundled digits",
    "tensorflow-model-optimization": "the tests",
    "ai-edge-litert": "running exported models",
    "pillow": "picture files",
    "rich": "the command line",
    "typer": "the command line",
}


def doctor(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Show what is installed, which runtimes and delegates are usable, and what to install.

    Exit code 1 says that no runtime can run a model here.

    Example:

        kerascnn-edge doctor
    """
    found: dict[str, Any] = {
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "board": describe_machine() + (f", emulated by {emulator()}" if emulator() else ""),
        "state": asdict(read_board()),
        "packages": [_package(name, purpose) for name, purpose in _PACKAGES.items()],
        "environment": _environment(),
        "runtimes": [asdict(runtime) for runtime in runtimes()],
        "delegates": [asdict(delegate) for delegate in delegates()],
    }
    if as_json:
        show_json(found)
    else:
        _show(found)
    if not any(runtime["usable"] for runtime in found["runtimes"]):
        raise typer.Exit(1)


def _package(name: str, purpose: str) -> dict[str, str]:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        version = ""
    return {"name": name, "version": version, "for": purpose}


def _environment() -> dict[str, str]:
    """The variables that decide whether Keras 3 runs on TensorFlow."""
    return {name: os.environ.get(name, "") for name in ("KERAS_BACKEND", "TF_USE_LEGACY_KERAS")}


def _show(found: dict[str, Any]) -> None:
    output.print(found["machine"], highlight=False)
    output.print(found["board"], highlight=False)
    for name, value in found["environment"].items():
        if value:
            output.print(f"{name}={value}", highlight=False)
    packages = [(p["name"], p["version"] or "not installed", p["for"]) for p in found["packages"]]
    show_table("Packages", ("package", "version", "needed for"), packages)
    for title in ("runtimes", "delegates"):
        rows = [
            (one["name"], one["version"], "usable" if one["usable"] else one["problem"])
            for one in found[title]
        ]
        show_table(title.capitalize(), (title[:-1], "version", "state"), rows)
