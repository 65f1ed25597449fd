"""Puts a named buffer into a model file, and takes it out again.

Offsets in a flatbuffer only point to the back. A new beginning, with a model table and lists of
its own, goes before the old file, whose parts it points to: no byte of these changes, and the old
beginning stays where it is, out of use.
"""

from __future__ import annotations

from ..errors import ModelError
from .flatbuffer import Fields, Reader
from .writer import ALIGNMENT, Behind, write

_ENTRY: Fields = {0: ("name", "text"), 1: ("buffer", "I")}
_BUFFER: Fields = {0: ("data", "[B"), 1: ("offset", "Q")}
_POSITIONS: Fields = {
    0: ("version", "I"),
    **{slot: (f"part{slot}", "offset") for slot in (1, 2, 3, 5, 7, 8, 9)},
    4: ("buffers", "[offset"),
    6: ("metadata", "[offset"),
}
_LISTS: Fields = {**_POSITIONS, 4: ("buffers", [_BUFFER]), 6: ("metadata", [_ENTRY])}


def put_buffer(model: bytes, name: str, content: bytes) -> bytes:
    """Put a buffer into a model, in place of the one that has the name.

    Args:
        model: A checked model file, without what stands behind the model.
        name: Name of the buffer.
        content: What it holds.

    Returns:
        The model file; as it was when it is one of those above 2 GB, whose weights stand behind
        the flatbuffer at positions that may not change.
    """
    return _put(remove_buffer(model, name), name, content)


def remove_buffer(model: bytes, name: str) -> bytes:
    """Undo `put_buffer`; a model that it hasn't made stays as it is."""
    try:
        reader = Reader(model)
        values = reader.root(_POSITIONS)
        entry = reader.table(values["metadata"][-1], _ENTRY)
        content = reader.table(values["buffers"][-1], _BUFFER)["data"]
    except (ModelError, LookupError, TypeError):
        return model
    # Only the new beginning was read.
    start = -(-reader.end // ALIGNMENT) * ALIGNMENT
    old = model[start:]
    ours = entry["name"] == name and content is not None and old[4:8] == model[4:8]
    return old if ours and _put(old, name, content.tobytes()) == model else model


def _put(model: bytes, name: str, content: bytes) -> bytes:
    reader = Reader(model)
    values, lists = reader.root(_POSITIONS), reader.root(_LISTS)
    if any((buffer["offset"] or 0) > 1 for buffer in lists["buffers"]):
        return model
    for key, value in values.items():
        if key.startswith("part") and value is not None:
            reader.need(value, 4)
            values[key] = Behind(value)
    named = zip(values["metadata"] or [], lists["metadata"] or [], strict=True)
    others = [Behind(place) for place, entry in named if entry["name"] != name]
    buffers = [Behind(place) for place in values["buffers"]]
    values["metadata"] = [*others, {"name": name, "buffer": len(buffers)}]
    values["buffers"] = [*buffers, {"data": content}]
    return write(values, _LISTS, model[4:8]) + model
