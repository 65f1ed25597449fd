"""Has a model converted in another process and turns its failures into errors that name layers."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

import keras
import numpy as np

from ..errors import ExportError
from ..file.oldest import is_builtin
from ..targets.transposed import drop_relus
from ..tracing import ENDPOINT
from ..tree import float32
from .diagnosis import explain
from .freezing import freeze
from .samples import Samples
from .weights import round_weights
from .worker import WORKER


def convert_model(
    model: keras.Model,
    *,
    quantize: str,
    input_output: str,
    samples: Samples,
    allow: Collection[str] = (),
    outputs: Sequence[str] | None = None,
) -> bytes:
    """Convert a model to the bytes of a `.tflite` file.

    Args:
        model: A built Keras model.
        quantize: The form, a key of `ENDS`.
        input_output: Element type of float inputs and outputs.
        samples: Calibration samples by input name, for integers; empty where the graph has ranges.
        allow: Names of operators that may be in the file though they are no builtins.
        outputs: Names of the outputs; those that the model gives them when None.

    Raises:
        ExportError: If Keras can't trace the model or the converter fails or crashes.
    """
    with tempfile.TemporaryDirectory(prefix="kerascnn-") as folder:
        working = Path(folder)
        with float32(model):
            freeze(model, working / "saved_model", batch=1, outputs=outputs)
        job = {
            "saved_model": str(working / "saved_model"),
            "endpoint": ENDPOINT,
            "output": str(working / "model.tflite"),
            "error": str(working / "error.txt"),
            "log": str(working / "log.txt"),
            "quantize": quantize,
            "input_output": input_output,
            "samples": _store(samples, working),
            "select": any(name.startswith("Flex") for name in allow),
            "custom": any(not is_builtin(name) for name in allow),
        }
        (working / "job.json").write_text(json.dumps(job), encoding="utf-8")
        if code := WORKER.run(working / "job.json"):
            message, log = _read(working / "error.txt"), _read(working / "log.txt")
            raise ExportError(explain(model, code, message, log))
        data = (working / "model.tflite").read_bytes()
        if quantize == "weights":
            return round_weights(data)
        return drop_relus(data) if quantize == "int8" else data


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _store(samples: Samples, working: Path) -> dict[str, str]:
    paths = {name: str(working / f"{number}.npy") for number, name in enumerate(samples)}
    for name, array in samples.items():
        np.save(paths[name], array)
    return paths
