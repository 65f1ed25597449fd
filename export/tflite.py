"""Any Keras 3 model as one `.tflite` file."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Collection
from os import PathLike
from pathlib import Path
from typing import Any

from kerascnn.edge import Metadata, write_metadata

from .comparison import compare_samples
from .conversion.options import check_calibration, check_options
from .conversion.preparation import prepare
from .conversion.process import convert_model
from .conversion.samples import Samples, gather
from .files import beside
from .gate import check_file, check_parity
from .inspection import Inspection, inspect_fields
from .model import Ports, check_static, deployable, ports
from .quantization.bake import is_quantize_aware
from .report import Report
from .tree import walk

_CALIBRATION = 256  # samples; more takes longer and hardly moves the ranges
_PARITY = 32  # samples, where the caller gave none for it


def to_tflite(
    model: Any,
    path: str | PathLike[str],
    *,
    quantize: str = "float32",
    calibration: Any = None,
    observer: str = "min_max",
    skip: Collection[str] = (),
    correct_bias: bool = False,
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
        quantize: `float32`; `float16` weights; `weights`: int8 weights, computing in float;
            `dynamic`: int8 weights, float results; `int8`: everything in integers; `int16`: int8
            weights and 16-bit results.
        calibration: What typical inputs look like, for `int8` and `int16`: an array with the batch
            first, a dictionary of arrays by input name, a folder of pictures, a `tf.data.Dataset`
            or any iterable of batches or single examples. At most 256 samples are used; of a
            stream, the first ones. A model from `quantize_aware` that was trained needs none:
            what it learned stays, and data fill what it did not.
        observer: How ranges come from the calibration of an `int8` file: `min_max`, all that was
            seen; `percentile`, without the outermost 0.01 %; `mse`, with the least squared error.
        skip: Names or patterns (`*`, `?`) of layers to leave in float in an `int8` file, as
            `flatten` names them.
        correct_bias: Whether biases of an `int8` file make up for the mean error of the kernels.
        input_output: Element type of the float inputs and outputs: `float32`; `int8` or `uint8` of
            an `int8` file; `int16` of an `int16` one.
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
    check_options(quantize, input_output, observer)
    model = deployable(model)
    check_calibration(
        quantize,
        calibration,
        learned=is_quantize_aware(model),
        skip=skip,
        correct_bias=correct_bias,
    )
    taken = ports(model)
    check_static(taken)
    samples = _gather(calibration, taken, _CALIBRATION, "calibration")
    judged = _gather(parity, taken, None, "parity")
    judged = judged or {name: array[:_PARITY] for name, array in samples.items()}
    with beside(Path(path)) as working:
        ready = prepare(
            model,
            samples,
            quantize=quantize,
            observer=observer,
            skip=skip,
            correct_bias=correct_bias,
        )
        working.write_bytes(
            convert_model(
                ready.model,
                quantize=quantize,
                input_output=input_output,
                samples=ready.samples,
                select=any(name.startswith("Flex") for name in allow),
                outputs=ready.outputs,
            )
        )
        write_metadata(working, metadata or Metadata())
        fields = inspect_fields(working, {layer for layer, _ in walk(ready.model)})
        check_file(
            Inspection(**fields),
            quantize=quantize,
            input_output=input_output,
            allow=allow,
            floating=ready.floating,
            calibrated=bool(samples),
        )
        runs_here = judged and not any(node.custom for node in fields["nodes"])
        comparison = compare_samples(ready.reference, working, judged, taken) if runs_here else None
        notes = (*fields["notes"], *ready.notes, *check_parity(comparison, quantize))
        os.replace(working, path)
    fields |= {"path": Path(path), "notes": notes}
    if comparison:
        comparison = dataclasses.replace(comparison, path=Path(path))
    seconds = time.monotonic() - started
    return Report(**fields, quantize=quantize, parity=comparison, seconds=seconds)


def _gather(data: Any, taken: Ports, limit: int | None, what: str) -> Samples:
    return {} if data is None else gather(data, taken, limit=limit, what=what)
