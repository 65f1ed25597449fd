"""Reads descriptions in the standard form, which other tools wrote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..description.metadata import Metadata
from ..errors import ModelError
from ..file.flatbuffer import Fields, Reader
from ..file.schema import UINT8
from ..file.structure import Structure
from . import schema

Table = dict[str, Any]

_LABELS = (schema.AXIS_LABELS, schema.VALUE_LABELS)


def read_standard(
    content: bytes, structure: Structure, read_file: Callable[[str], bytes]
) -> Metadata:
    """Read a description in the standard form.

    Args:
        content: A `ModelMetadata` flatbuffer.
        structure: The model.
        read_file: Gives a file that belongs to the model by its name.

    Returns:
        What it says of the pixels that go in, the labels, the description and the licence; the task
        where that follows from it.

    Raises:
        ModelError: If it is damaged.
        ValueError: If it says what can't be, or names a file that isn't there.
    """
    if content[4:8] != schema.IDENTIFIER:
        raise ModelError(f"A description is of version M001. Received: {content[4:8]!r}")
    reader = Reader(content)
    model = reader.root(schema.MODEL)
    for file in model["files"] or []:
        read_file(file["name"] or "")
    graph = (model["graphs"] or [{}])[0]
    outputs = graph.get("outputs") or []
    file = _label_file(outputs)
    labels = lines(read_file(file)) if file else ()
    fields = _pixels(reader, graph.get("inputs") or [], structure)
    return Metadata(
        task=_task(outputs, structure) if labels else "",
        labels=labels,
        description=model["description"] or "",
        licence=model["licence"] or "",
        **fields,
    )


def lines(content: bytes) -> tuple[str, ...]:
    """Split the content of a file of labels; the last line may or may not be closed."""
    text = content.decode("utf-8").replace("\r\n", "\n")
    return tuple(text.removesuffix("\n").split("\n")) if text else ()


def _label_file(outputs: list[Table]) -> str:
    """Find the file that names the classes; where there are translations, the original."""
    found = [
        file
        for output in outputs
        for file in output["files"] or []
        if file["name"] and (file["type"] or 0) in _LABELS
    ]
    return str(min(found, key=lambda file: bool(file["locale"]))["name"]) if found else ""


def _pixels(reader: Reader, inputs: list[Table], structure: Structure) -> dict[str, Any]:
    """Find out how pixels become the first input."""
    units = _values(reader, inputs[:1], schema.NORMALIZATION, schema.NORMALIZATION_FIELDS)
    if not units or units[0]["mean"] is None or units[0]["std"] is None:
        return {}
    port = structure.takes[0]
    if port.type == UINT8:
        # Other tools put pixels in as they are, whatever is said of them.
        return {"mean": (float(port.zero_point),), "std": (1 / (port.scale or 1.0),)}
    return {name: tuple(units[0][name].tolist()) for name in ("mean", "std")}


def _values(reader: Reader, tensors: list[Table], kind: int, fields: Fields) -> list[Table]:
    """Read all process units of a kind."""
    return [
        reader.table(unit["value"], fields)
        for tensor in tensors
        for unit in tensor["units"] or []
        if unit["kind"] == kind and unit["value"] is not None
    ]


def _task(outputs: list[Table], structure: Structure) -> str:
    """Tell the task by the shape of the only output; empty when it may be another one."""
    if len(outputs) != 1 or len(structure.gives) != 1:
        return ""
    shape = structure.gives[0].shape
    if len(shape) == 2 or (len(shape) == 4 and shape[1:3] == (1, 1)):
        return "classification"
    return "segmentation" if len(shape) == 4 else ""
