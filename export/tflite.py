"""Any Keras 3 model as one `.tflite` file."""

from __future__ import annotations

import dataclasses
import difflib
import os
import time
from collections.abc import Collection
from os import PathLike
from pathlib import Path
from typing import Any

from kerascnn.edge import Metadata, write_metadata

from .comparison import compare_samples
from .conversion.process import convert_model
from .conversion.samples import Samples, constant_inputs, gather
from .files import beside
from .gate import check_file, check_parity
from .inspection import Inspection, inspect_fields
from .model import Ports, check_static, deployable, ports
from .report import Report
from .tree import walk

QUANTIZATIONS = ("float32", "float16", "dynamic", "int8")
INPUT_OUTPUT = ("float32", "int8", "uint8")
_CALIBRATION = 256  # samples; more takes longer and hardly moves the ranges
_PARITY = 32  # samples, where the caller gave none for it


def to_tflite(
    model: Any,
    path: str | PathLike[str],
    *,
    quantize: str = "float32",
    calibration: Any = None,
    input_output: str = "float32",
    metadata: Metadata | None = None,
    allow: Collection[str] = (),
    parity: Any = None,
) -> Report:
    """Convert a Keras 3 model to a `.tflite` file and report what became of it.

    The batch is 1, unless the model fixes another one. The file is checked before it takes the
    place of an older one: a failed export leaves what was there.

    Args:
        model: A built Keras 3 model, or a system whose `deployable` is one.
        path: The file to write; its folder must exist.
        quantize: `float32`; `float16` weights; `dynamic`: int8 weights, float results; `int8`:
            everything in integers.
        calibration: What typical inputs look like, for `int8`: an array with the batch first, a
            dictionary of arrays by input name, a `tf.data.Dataset` or any iterable of batches or
            single examples. At most 256 samples are used; of a stream, the first ones.
        input_output: Element type of the float inputs and outputs of an `int8` file: `float32`,
            `int8` or `uint8`.
        metadata: Description to put into the file, beside the check sum that is always there.
        allow: TFLite operators to accept though they compute in floating point in an int8 file,
            keep state or are custom; names that start with `Flex` let TensorFlow's own in.
        parity: Data to compare the file with Keras on, in the forms of `calibration`; 32 of the
            calibration samples when None.

    Returns:
        The report.

    Raises:
        ValueError: If an argument is ill-formed: the model, the path, the quantization, the data.
        ExportError: If the conversion fails, or the file isn't what was asked for.

    Example:
        >>> report = kerascnn.export.to_tflite(  # doctest: +SKIP
        ...     model, "digits.tflite", quantize="int8", calibration=images[:200]
        ... )
    """
    started = time.monotonic()
    _check_options(quantize, calibration, input_output)
    model = deployable(model)
    taken = ports(model)
    check_static(taken)
    samples = _gather(calibration, taken, _CALIBRATION, "calibration")
    judged = _gather(parity, taken, None, "parity")
    judged = judged or {name: array[:_PARITY] for name, array in samples.items()}
    with beside(Path(path)) as working:
        working.write_bytes(
            convert_model(
                model,
                quantize=quantize,
                input_output=input_output,
                samples=samples,
                select=any(name.startswith("Flex") for name in allow),
            )
        )
        write_metadata(working, metadata or Metadata())
        fields = inspect_fields(working, {layer for layer, _ in walk(model)})
        check_file(Inspection(**fields), quantize=quantize, input_output=input_output, allow=allow)
        runs_here = judged and not any(node.custom for node in fields["nodes"])
        comparison = compare_samples(model, working, judged, taken) if runs_here else None
        notes = (*fields["notes"], *_notes(samples), *check_parity(comparison, quantize))
        os.replace(working, path)
    fields |= {"path": Path(path), "notes": notes}
    if comparison:
        comparison = dataclasses.replace(comparison, path=Path(path))
    seconds = time.monotonic() - started
    return Report(**fields, quantize=quantize, parity=comparison, seconds=seconds)


def _check_options(quantize: str, calibration: Any, input_output: str) -> None:
    for name, value, known in (
        ("quantize", quantize, QUANTIZATIONS),
        ("input_output", input_output, INPUT_OUTPUT),
    ):
        if value not in known:
            near = difflib.get_close_matches(str(value), known, n=1)
            meant = f" Did you mean {near[0]}?" if near else ""
            raise ValueError(
                f"{name} must be one of {', '.join(known)}.{meant} Received: {name}={value!r}"
            )
    if quantize == "int8" and calibration is None:
        raise ValueError(
            "int8 needs typical inputs to measure ranges on: pass calibration, such as 200 "
            "training samples. Received: calibration=None"
        )
    if quantize != "int8" and input_output != "float32":
        raise ValueError(
            "Integer inputs and outputs need quantize='int8'. "
            f"Received: quantize={quantize!r}, input_output={input_output!r}"
        )


def _gather(data: Any, taken: Ports, limit: int | None, what: str) -> Samples:
    return {} if data is None else gather(data, taken, limit=limit, what=what)


def _notes(samples: Samples) -> list[str]:
    return [
        f"The calibration samples of input {name!r} all hold one number: the ranges measured on "
        "them mean nothing."
        for name in constant_inputs(samples)
    ]
