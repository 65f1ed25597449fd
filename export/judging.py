"""Reads a new file back, and refuses one that isn't what was asked for."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from kerascnn.edge import ModelError

from .comparison import Comparison, compare_samples
from .conversion.preparation import Prepared
from .conversion.samples import Samples
from .errors import ExportError
from .gate import check_file, check_parity
from .inspection import Inspection, inspect_fields
from .model import Ports
from .targets.target import judge_for
from .tree import walk


def judge(
    path: Path,
    ready: Prepared,
    samples: Samples,
    taken: Ports,
    *,
    quantize: str,
    input_output: str,
    target: str,
    min_runtime: str | None,
    allow: Collection[str],
) -> dict[str, Any]:
    """Read what is in a file, compare it with Keras and check both.

    Args:
        path: The file.
        ready: What it was made from.
        samples: What to compare on; not compared where there are none.
        taken: The inputs of the model.
        quantize: The form that was asked for.
        input_output: The element type that was asked for the float inputs and outputs.
        target: The device that the file is for.
        min_runtime: The oldest runtime that must run it.
        allow: Names of operators that may stay whatever they are.

    Returns:
        Fields of the report.

    Raises:
        ExportError: If the file isn't what was asked for.
    """
    layers = {layer for layer, _ in walk(ready.model)}
    fields = inspect_fields(path, layers)
    check_file(
        Inspection(**fields),
        quantize=quantize,
        input_output=input_output,
        allow=allow,
        floating=ready.floating,
        calibrated=ready.calibrated,
    )
    found = judge_for(path, target=target, min_runtime=min_runtime, layers=layers, allow=allow)
    runs_here = samples and not any(node.custom for node in fields["nodes"])
    parity = _compare(ready, path, samples, taken) if runs_here else None
    notes = (*fields["notes"], *ready.notes, *check_parity(parity, quantize))
    return fields | found | {"parity": parity, "notes": (*notes, *found.get("notes", ()))}


def _compare(ready: Prepared, path: Path, samples: Samples, taken: Ports) -> Comparison:
    try:
        return compare_samples(ready.reference, path, samples, taken)
    except ModelError as error:
        raise ExportError(
            "The runtime here must run the file. Where it can't prepare an integer operator, "
            "channels differ too much in size: equalize(model) brings them together. "
            f"Received: {error}"
        ) from error
