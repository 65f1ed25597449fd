"""A run folder: what was trained on what, so that later commands need only its path."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import keras

import kerascnn.models  # noqa: F401  (loading a model needs the names of its layers)
from kerascnn import registry
from kerascnn.data import Dataset, load
from kerascnn.tasks import Task, get_task

PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")


@dataclass(frozen=True)
class Run:
    """One training run and the folder that holds it.

    Args:
        folder: The run folder.
        system: Name of the system, or of a variant.
        task: Name of the task.
        data: Name of the data set.
        epochs: Passes over the training split.
        batch_size: Examples a step.
        learning_rate: Step size; the task's own when None.
        seed: Seed of the weights, the order and the noise.
        data_options: Keyword arguments of the data set.
        model_options: Keyword arguments of the builder, beyond those that the task sets.
        precision: What the layers compute in: `"float32"`, `"mixed_float16"` or
            `"mixed_bfloat16"`; weights are float32.
    """

    folder: Path
    system: str
    task: str
    data: str
    epochs: int
    batch_size: int = 64
    learning_rate: float | None = None
    seed: int = 0
    data_options: Mapping[str, Any] = field(default_factory=dict)
    model_options: Mapping[str, Any] = field(default_factory=dict)
    precision: str = "float32"

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise ValueError(
                f"A precision is one of {', '.join(PRECISIONS)}. Received: {self.precision}"
            )

    @classmethod
    def open(cls, folder: Path) -> Run:
        """Read the run that `save` wrote.

        Raises:
            ValueError: If the folder is no run folder.
        """
        config = folder / "config.json"
        if not config.is_file():
            raise ValueError(f"A run folder holds a config.json. Received: {folder}")
        values = json.loads(config.read_text())
        known = {f.name for f in dataclasses.fields(cls)} - {"folder"}
        return cls(folder=folder, **{key: values[key] for key in known & values.keys()})

    def save(self) -> None:
        """Write `config.json`, with the versions that the run is made with."""
        values = dataclasses.asdict(self)
        del values["folder"]
        packages = ("kerascnn", "keras", "tensorflow", "numpy")
        values["versions"] = {name: importlib.metadata.version(name) for name in packages}
        self.folder.mkdir(parents=True, exist_ok=True)
        # Several workers may write it into one folder, at the same time.
        partial = self.folder / f"config.{os.getpid()}.partial"
        partial.write_text(json.dumps(values, indent=2) + "\n")
        os.replace(partial, self.folder / "config.json")

    @cached_property
    def dataset(self) -> Dataset:
        """The data set, with its three splits."""
        return load(self.data, **self.data_options)

    @cached_property
    def purpose(self) -> Task:
        """The task."""
        return get_task(self.task)

    def build(self) -> Any:
        """Build the untrained model for the task and its data, with the seed's weights."""
        keras.utils.set_random_seed(self.seed)
        known = registry.get_system(self.system).takes(self.purpose.model_options(self.dataset))
        options = {**known, **self.model_options}
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(self.precision)
        try:
            return registry.create_model(self.system, **options)
        finally:
            keras.config.set_dtype_policy(before)

    def model(self) -> Any:
        """Load the trained model.

        Raises:
            ValueError: If the training has not ended.
        """
        path = self.folder / "model.keras"
        if not path.is_file():
            raise ValueError(
                "The run holds no trained model. Finish it with: "
                f"kerascnn train --resume {self.folder}"
            )
        # Keras cannot restore the optimizer of a model in half precision, and none is needed.
        return keras.saving.load_model(path, compile=False)


def new_folder(parent: Path, name: str) -> Path:
    """Name a folder that does not exist yet: `name`, then `name-2`, `name-3`, ..."""
    folder, number = parent / name, 2
    while folder.exists():
        folder, number = parent / f"{name}-{number}", number + 1
    return folder
