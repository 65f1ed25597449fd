"""Runs the TFLite converter on SavedModels, each in a process of its own.

The converter can end its process on some graphs, so the caller's process never runs it. Started as
`python -m kerascnn.export.conversion.convert`; imports tensorflow, once, but not keras.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

_INTEGERS = {
    "int8": "TFLITE_BUILTINS_INT8",
    "int16": "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8",
}


def main() -> None:
    """Do the jobs whose files are named on the input, a line each; answer with the exit codes."""
    # TensorFlow imports Keras by itself; the converter has no use for it and starts faster without.
    sys.modules["keras"] = None  # type: ignore[assignment]
    import tensorflow  # noqa: F401  # what is forked off has it already

    for line in sys.stdin:
        child = os.fork() if hasattr(os, "fork") else 0
        if not child:
            os._exit(run(line.rstrip("\n")))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def run(job_path: str) -> int:
    """Convert as a job file says: write the model, or a file that says what went wrong.

    Args:
        job_path: JSON with `saved_model`, `endpoint`, `output`, `error`, `log` (paths), `quantize`,
            `input_output`, `samples` (input name to `.npy` path; none where the graph says its
            ranges itself), and whether operators may stay that are those of TensorFlow itself,
            `select`, or of others, `custom`.

    Returns:
        The exit code: 0 when the model was written.
    """
    job = json.loads(Path(job_path).read_text(encoding="utf-8"))
    log = os.open(job["log"], os.O_WRONLY | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(log, stream)
    try:
        Path(job["output"]).write_bytes(convert(job))
    except Exception as error:  # whatever the converter raises is told to the parent
        Path(job["error"]).write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
        return 1
    return 0


def convert(job: dict[str, Any]) -> bytes:
    """Convert the SavedModel of a job into the bytes of a TFLite model."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(
        job["saved_model"], signature_keys=[job["endpoint"]]
    )
    operators = [tf.lite.OpsSet.TFLITE_BUILTINS]
    # One scale a unit in dense layers is loaded and computed wrongly by runtimes before 2.10.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    if job["quantize"] not in ("float32", "weights"):
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if job["quantize"] == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if job["quantize"] in ("int8", "int16"):
        # What has no integer form stays float even so; the caller reads the file and reports it.
        if job["samples"]:
            operators = [getattr(tf.lite.OpsSet, _INTEGERS[job["quantize"]])]
            converter.representative_dataset = lambda: _rows(job["samples"])
        converter.inference_input_type = tf.as_dtype(job["input_output"])
        converter.inference_output_type = tf.as_dtype(job["input_output"])
    if job["select"]:
        operators.append(tf.lite.OpsSet.SELECT_TF_OPS)
    converter.allow_custom_ops = job["custom"]
    converter.target_spec.supported_ops = operators
    return bytes(converter.convert())


def _rows(samples: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Give the samples one by one, as a batch of one for each input."""
    arrays = {name: np.load(path, mmap_mode="r") for name, path in samples.items()}
    for row in range(min(map(len, arrays.values()))):
        yield {name: np.array(array[row : row + 1]) for name, array in arrays.items()}


if __name__ == "__main__":
    main()
