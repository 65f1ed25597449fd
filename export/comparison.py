"""How far the answers of a `.tflite` file are from those of the Keras model."""

from __future__ import annotations

import dataclasses
import json
import math
from contextlib import closing
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerascnn import edge

from .conversion.samples import Samples, gather
from .difference import OutputError, measure
from .model import Ports, deployable, name_outputs, ports

_BATCH = 32


@dataclass(frozen=True)
class Comparison:
    """How far a file is from Keras.

    Args:
        path: The file.
        samples: Number of samples compared.
        outputs: One entry an output.
    """

    path: Path
    samples: int
    outputs: tuple[OutputError, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give everything as what JSON can hold; an infinite ratio becomes None."""
        fields = dataclasses.asdict(self) | {"path": str(self.path)}
        for output in fields["outputs"]:
            output["sqnr_db"] = output["sqnr_db"] if math.isfinite(output["sqnr_db"]) else None
        return fields

    def to_json(self) -> str:
        """Give everything as JSON text."""
        return json.dumps(self.to_dict(), indent=2)


def compare(model: Any, path: str | PathLike[str], data: Any) -> Comparison:
    """Run a Keras model and a file on the same data and measure the differences.

    Args:
        model: The Keras 3 model behind the file, or a system whose `deployable` is one.
        path: The `.tflite` file.
        data: Samples as `to_tflite` takes them for calibration; all of them are run.

    Raises:
        ValueError: If the data doesn't fit the model, or the outputs of the file aren't its own.
        kerascnn.edge.ModelError: If the file can't be loaded.
        FileNotFoundError: If there is no such file.

    Example:
        >>> kerascnn.export.compare(model, "digits.tflite", images).outputs  # doctest: +SKIP
    """
    model = deployable(model)
    taken = ports(model)
    return compare_samples(model, Path(path), gather(data, taken), taken)


def compare_samples(model: keras.Model, path: Path, samples: Samples, taken: Ports) -> Comparison:
    """Compare on samples that are checked already."""
    expected = _run_keras(model, samples, taken)
    given = _run_file(path, samples, list(expected))
    return Comparison(
        path=path,
        samples=len(next(iter(samples.values()))),
        outputs=tuple(measure(name, expected[name], given[name]) for name in expected),
    )


def _run_keras(model: keras.Model, samples: Samples, taken: Ports) -> Samples:
    fixed = taken.inputs[0].shape[0]
    size = fixed or _BATCH
    batches = []
    for start in range(0, len(samples[taken.inputs[0].name]), size):
        rows = [samples[port.name][start : start + size] for port in taken.inputs]
        count = len(rows[0])
        if fixed:  # fill the last batch up
            rows = [np.resize(row, (fixed, *row.shape[1:])) for row in rows]
        outputs = name_outputs(model, model(taken.pack(rows), training=False))
        batches.append(
            {name: keras.ops.convert_to_numpy(value)[:count] for name, value in outputs.items()}
        )
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def _run_file(path: Path, samples: Samples, names: list[str]) -> Samples:
    with closing(edge.load(path)) as loaded:
        missing = set(names) - {spec.name for spec in loaded.outputs}
        if missing:
            raise ValueError(
                f"The file must have the outputs of the model: {names}. "
                f"Received: {[spec.name for spec in loaded.outputs]} in {path}"
            )
        outputs = loaded({spec.name: samples[spec.name] for spec in loaded.inputs})
    return outputs if isinstance(outputs, dict) else {names[0]: outputs}
