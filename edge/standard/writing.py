"""Says in the standard form what a description says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..description.metadata import Metadata
from ..file.ports import Port
from ..file.schema import LOGISTIC, SOFTMAX, UINT8
from ..file.structure import Structure
from ..file.writer import write
from . import schema
from .detection import describe_detector

Table = dict[str, Any]

_CHANNELS = {1: schema.GREY, 3: schema.RGB}


def write_standard(
    metadata: Metadata, structure: Structure, *, labels: str, files: Sequence[str]
) -> bytes:
    """Write a description in the standard form.

    What the form has no place for is left out; so is the meaning of a detector's outputs, when no
    tool could read it from there.

    Args:
        metadata: The description.
        structure: The model.
        labels: Name of the file with the labels.
        files: Names of the other files that belong to the model.

    Returns:
        A `ModelMetadata` flatbuffer.
    """
    detector = describe_detector(metadata, structure, labels) or {}
    outputs = detector.get("outputs") or _outputs(metadata, structure, labels)
    custom = detector.get("custom") or _segmenter(metadata, structure)
    graph = {
        "name": metadata.task or None,
        "inputs": [_input(port, metadata) for port in structure.takes],
        "outputs": outputs,
        "custom": custom,
    }
    values = {
        "description": metadata.description or None,
        "graphs": [graph],
        "licence": metadata.licence or None,
        "files": [{"name": name} for name in files],
        # The oldest version of the schema that has all of this.
        "parser": "1.5.0" if custom else "1.0.0",
    }
    return write(values, schema.MODEL, schema.IDENTIFIER)


def _input(port: Port, metadata: Metadata) -> Table:
    if len(port.shape) != 4 or port.shape[-1] not in _CHANNELS or metadata.task == "speech":
        return {"name": port.name}
    _, height, width, channels = port.shape
    image: Table = {"size": {"height": height, "width": width}}
    # There is no number for BGR: whoever knows RGB only must not take the model for one.
    if metadata.channel_order == "RGB" or channels == 1:
        image["space"] = _CHANNELS[channels]
    count = max(len(metadata.mean), len(metadata.std))
    mean, std = (
        values * count if len(values) == 1 else values for values in (metadata.mean, metadata.std)
    )
    ends = [(-m / s, (255 - m) / s) for m, s in zip(mean, std, strict=False)]
    if port.type == UINT8:  # pixels as they are
        ends = [(0.0, 255.0)]
    return {
        "name": port.name,
        "content": {"kind": schema.IMAGE, "value": (image, schema.IMAGE_FIELDS)},
        "units": [
            {
                "kind": schema.NORMALIZATION,
                "value": ({"mean": mean, "std": std}, schema.NORMALIZATION_FIELDS),
            }
        ],
        "stats": {"min": [min(pair) for pair in ends], "max": [max(pair) for pair in ends]},
    }


def _outputs(metadata: Metadata, structure: Structure, labels: str) -> list[Table]:
    """Name the outputs, and the classes of the only one that has as many."""
    count = len(metadata.labels)
    fitting = [port for port in structure.gives if count and port.shape[-1:] == (count,)]
    file = {"name": labels, "type": schema.AXIS_LABELS}
    return [
        {"name": port.name, "files": [file] if fitting == [port] else None}
        for port in structure.gives
    ]


def _segmenter(metadata: Metadata, structure: Structure) -> list[Table] | None:
    """Say what makes probabilities out of the scores of pixels."""
    if metadata.task != "segmentation" or len(structure.gives) != 1:
        return None
    (port,) = structure.gives
    activation = schema.NO_ACTIVATION
    if port.operator not in (LOGISTIC, SOFTMAX):
        single = port.shape[-1:] == (1,)
        activation = schema.SIGMOID_ACTIVATION if single else schema.SOFTMAX_ACTIVATION
    data = write({"activation": activation}, schema.SEGMENTER, schema.CUSTOM_IDENTIFIER)
    return [{"name": schema.SEGMENTER_NAME, "data": data}]
