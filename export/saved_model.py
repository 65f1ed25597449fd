"""Keras models as SavedModels: what TF Serving serves, and what the TFLite converter reads."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from .conversion.diagnosis import first_line
from .errors import ExportError
from .model import deployable, name_outputs, ports

ENDPOINT = "serve"


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
        trace(model, working)
        working.chmod(0o755)  # a temporary folder is closed to the account that serves
        return _publish(working, directory)
    finally:
        shutil.rmtree(working, ignore_errors=True)


def trace(
    model: keras.Model,
    directory: Path,
    *,
    batch: int | None = None,
    outputs: Sequence[str] | None = None,
) -> None:
    """Write a model as a SavedModel whose endpoint takes and gives tensors by name.

    Args:
        model: A built Keras model.
        directory: Folder to write into.
        batch: Size of the batch; None leaves it open. What the model fixes itself stays.
        outputs: Names of the outputs; those that the model gives them when None.

    Raises:
        ExportError: If the model can't be traced.
    """
    taken = ports(model)

    def call(*tensors: Any) -> dict[str, Any]:
        named = name_outputs(model, model(taken.pack(tensors), training=False))
        if outputs is None or set(outputs) == set(named):
            return named
        return dict(zip(outputs, named.values(), strict=True))

    signature = [
        tf.TensorSpec((port.shape[0] or batch, *port.shape[1:]), port.dtype, name=port.name)
        for port in taken.inputs
    ]
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(ENDPOINT, call, input_signature=signature)
    try:
        archive.write_out(str(directory), verbose=False)
    except OSError:
        raise
    except Exception as error:  # the call of a layer may raise anything
        raise ExportError(
            f"The call of {model.name} can't be traced to a graph: keep to keras.ops and known "
            f"shapes in its layers. Received: {first_line(str(error))}"
        ) from error


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
