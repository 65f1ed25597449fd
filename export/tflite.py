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

from .conversion.data import gather_both
from .conversion.options import check_calibration, check_options
from .conversion.pixels import pixel_notes, pixel_range
from .conversion.preparation import prepare
from .conversion.process import convert_model
from .files import beside
from .judging import judge
from .model import check_static, deployable, ports
from .quantization.bake import is_quantize_aware
from .report import Report
from .reporting.debug import debug
from .targets.target import check_target, write_for


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
    target: str = "cpu",
    min_runtime: str | None = None,
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
            `flatten` names them; the name of a layer stands for all inside it as well.
        correct_bias: Whether biases of an `int8` file make up for the mean error of the kernels.
        input_output: Element type of the float inputs and outputs: `float32`; `int8` or `uint8` of
            an `int8` file; `int16` of an `int16` one. Phones take `float32` and `uint8`; with
            `metadata`, the pixels themselves go into a `uint8` input.
        target: The device: `cpu`; `gpu`, by the GPU delegate; `coral`, an Edge TPU, on which all of
            the file must run; `microcontroller`. Operations are written as the device has them.
        min_runtime: The oldest runtime that must run the file and give right answers, such as
            `2.5` or `LiteRT 2.3`; any newer one does.
        metadata: Description to put into the file, beside the check sum that is always there.
        allow: TFLite operators to accept though they compute in floating point in an int8 file,
            keep state, are custom or not for the target; names that start with `Flex` let
            TensorFlow's own in.
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
    check_target(target, quantize=quantize, min_runtime=min_runtime)
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
    samples, judged = gather_both(calibration, parity, taken, metadata)
    wanted: dict[str, Any] = {"quantize": quantize, "target": target, "min_runtime": min_runtime}
    with beside(Path(path)) as working:
        ready = prepare(
            model,
            samples,
            quantize=quantize,
            observer=observer,
            skip=skip,
            correct_bias=correct_bias,
            pixels=pixel_range(metadata, input_output),
        )
        ready = write_for(ready, **wanted)
        working.write_bytes(
            convert_model(
                ready.model,
                quantize=quantize,
                input_output=input_output,
                samples=ready.samples,
                allow=allow,
                outputs=ready.outputs,
            )
        )
        write_metadata(working, metadata or Metadata())
        fields = judge(
            working, ready, judged, taken, input_output=input_output, allow=allow, **wanted
        )
        fields["notes"] += pixel_notes(fields["inputs"], metadata)
        os.replace(working, path)
    path = fields["path"] = Path(path)
    if fields["parity"]:
        fields["parity"] = dataclasses.replace(fields["parity"], path=path)
    return Report(
        **fields,
        quantize=quantize,
        target=target,
        seconds=time.monotonic() - started,
        measure=(lambda: debug(ready.reference, path, judged)) if judged else None,
    )
