"""Runs exported files in a process in which TensorFlow and Keras cannot be imported."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

# A module that is None in sys.modules raises ModuleNotFoundError when it is imported.
_COMMAND = """
import sys
sys.modules.update(dict.fromkeys(("tensorflow", "keras", "tf_keras")))
from kerascnn.cli import main
main()
"""


def predict_isolated(
    path: Path, inputs: np.ndarray | Mapping[str, np.ndarray]
) -> dict[str, np.ndarray] | np.ndarray:
    """Run a batch through a .tflite file in a process without TensorFlow and Keras.

    Args:
        path: The file.
        inputs: Batch of model inputs, or one for each by name, in the model's own units.

    Returns:
        The output, or a mapping by name where the model has several.

    Raises:
        RuntimeError: If the process fails; the message is its own.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "inputs.npz"), Path(folder, "outputs.npz")
        if isinstance(inputs, Mapping):
            arrays: dict[str, Any] = dict(inputs)
            np.savez(source, **arrays)
        else:
            source = source.with_suffix(".npy")
            np.save(source, inputs)
        _kerascnn("run", path, source, "--save", target)
        with np.load(target) as archive:
            outputs = dict(archive)
    return outputs if len(outputs) > 1 else next(iter(outputs.values()))


def benchmark_isolated(path: Path) -> dict[str, Any]:
    """Time one inference of a .tflite file in a process without TensorFlow and Keras."""
    measured = json.loads(_kerascnn("benchmark", path, "--json"))
    return next(iter(measured.values()))


def _kerascnn(*arguments: str | Path) -> str:
    command = [sys.executable, "-c", _COMMAND, *map(str, arguments)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        last = process.stderr.strip().splitlines()[-1:] or [f"exit code {process.returncode}"]
        raise RuntimeError(f"The runtime without TensorFlow failed on {arguments[1]}: {last[0]}")
    return process.stdout
