"""Keras models as SavedModels, which TF Serving serves."""

from __future__ import annotations

import os
import shutil
import tempfile
from os import PathLike
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn.edge import Metadata

from ..model import deployable, ports
from ..tracing import ENDPOINT, naming, run, signature
from .classifying import CLASSIFY, classifies, from_examples
from .pictures import BYTES, from_bytes, takes_pictures
from .warm_up import write_warm_up


def to_saved_model(
    model: Any,
    directory: str | PathLike[str],
    *,
    metadata: Metadata | None = None,
    samples: Any = None,
) -> Path:
    """Write the next version of a model into a folder that TF Serving watches.

    The signature `serving_default` takes and gives tensors by name, with any batch. With metadata,
    a model of pictures has `serving_bytes` too, which takes encoded pictures of any size, decodes,
    resizes and normalises them; a classifier has `classify`, for the server's Classify interface.
    The new version appears at once and complete; the versions that are there stay.

    Args:
        model: A built Keras 3 model, or a system whose `deployable` is one.
        directory: Folder of all versions, made if it is missing.
        metadata: What goes before and behind the model, kept in `assets.extra/kerascnn.json`.
        samples: Inputs, an array or arrays by name, that the server runs before it serves, so that
            the first request is as fast as the others; examples along the first axis, up to 100.

    Returns:
        Folder of this version: `directory/1`, `directory/2`, ...

    Raises:
        ValueError: If it is no built Keras 3 model, the folder can't be written, or the samples
            don't fit the model.
        ModuleNotFoundError: If there are samples, and tensorflow-serving-api is not installed.
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
        _write(model, working, metadata, samples)
        working.chmod(0o755)  # a temporary folder is closed to the account that serves
        return _publish(working, directory)
    finally:
        shutil.rmtree(working, ignore_errors=True)


def _write(model: keras.Model, folder: Path, metadata: Metadata | None, samples: Any) -> None:
    _trace(model, folder, metadata)
    if metadata is not None:
        (folder / "assets.extra").mkdir()
        (folder / "assets.extra" / "kerascnn.json").write_text(metadata.to_json() + "\n")
    if samples is not None:
        pixels = metadata if takes_pictures(model) else None
        write_warm_up(folder, _named(model, samples), pixels)


def _trace(model: keras.Model, folder: Path, metadata: Metadata | None) -> None:
    """Write a model as a SavedModel whose endpoints take and give tensors by name."""
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(ENDPOINT, lambda *tensors: run(model, tensors), signature(model, None))
    classified = False
    if metadata is not None and takes_pictures(model):
        texts = [tf.TensorSpec([None], tf.string, name="image_bytes")]
        archive.add_endpoint(BYTES, lambda encoded: from_bytes(model, metadata, encoded), texts)
        classified = classifies(model, metadata)
        if classified:
            inputs = [tf.TensorSpec([None], tf.string, name="inputs")]
            archive.add_endpoint(CLASSIFY, lambda one: from_examples(model, metadata, one), inputs)
    with naming(model):
        archive.write_out(str(folder), verbose=False)
    if classified:
        updater = tf.compat.v1.saved_model.signature_def_utils.MethodNameUpdater(str(folder))
        updater.replace_method_name(CLASSIFY, "tensorflow/serving/classify", tags="serve")
        updater.save()


def _named(model: keras.Model, samples: Any) -> dict[str, np.ndarray]:
    """Give samples by the names of the inputs.

    Raises:
        ValueError: If they don't fit.
    """
    inputs = ports(model).inputs
    given = samples if isinstance(samples, dict) else {inputs[0].name: samples}
    named = {name: np.asarray(values) for name, values in given.items()}
    expected = {port.name: port.shape[1:] for port in inputs}
    found = {name: values.shape[1:] for name, values in named.items()}
    if named.keys() != expected.keys() or not all(
        tf.TensorShape(expected[name]).is_compatible_with(found[name]) for name in found
    ):
        raise ValueError(
            f"Samples must be one array for each input, {expected} without the batch. "
            f"Received: {found}"
        )
    return {port.name: named[port.name].astype(port.dtype, copy=False) for port in inputs}


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
