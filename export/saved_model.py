"""Keras models as SavedModels, which TF Serving serves."""

from __future__ import annotations

import os
import shutil
import tempfile
from os import PathLike
from pathlib import Path
from typing import Any

import keras

from .model import deployable, ports
from .tracing import ENDPOINT, naming, run, signature


def to_saved_model(model: Any, directory: str | PathLike[str]) -> Path:
    """Write the next version of a model into a folder that TF Serving watches.

    The signature `serving_default` takes and gives tensors by name, with any batch. The new version
    appears at once and complete; the versions that are there stay.

    Args:
        model: A built Keras 3 model, or a system whose `deployable` is one.
        directory: Folder of all versions, made if it is missing.

    Returns:
        Folder of this version: `directory/1`, `directory/2`, ...

    Raises:
        ValueError: If it is no built Keras 3 model, or the folder can't be written.
        ExportError: If the model can't be traced.

    Example:
        >>> kerascnn.export.to_saved_model(model, "serving/digits")  # doctest: +SKIP
    """
    model = deployable(model)
    ports(model)  # refuses before the folder is made
    directory = Path(directory)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        working = Path(tempfile.mkdtemp(prefix=".writing-", dir=directory))
    except OSError as error:
        raise ValueError(
            f"The folder must be writable. Received: directory={directory} ({error.strerror})"
        ) from error
    try:
        _trace(model, working)
        working.chmod(0o755)  # a temporary folder is closed to the account that serves
        return _publish(working, directory)
    finally:
        shutil.rmtree(working, ignore_errors=True)


def _trace(model: keras.Model, directory: Path) -> None:
    """Write a model as a SavedModel whose endpoint takes and gives tensors by name."""
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(ENDPOINT, lambda *tensors: run(model, tensors), signature(model, None))
    with naming(model):
        archive.write_out(str(directory), verbose=False)


def _publish(working: Path, directory: Path) -> Path:
    """Rename a finished folder to the next free number; another writer may take one meanwhile."""
    while True:
        taken = [int(entry.name) for entry in directory.iterdir() if entry.name.isdecimal()]
        version = directory / str(max(taken, default=0) + 1)
        try:
            os.rename(working, version)
        except OSError:
            if not version.exists():
                raise
        else:
            return version
