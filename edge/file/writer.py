"""A writer of flatbuffers, from front to back, for the kinds of fields that the reader knows."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .flatbuffer import Fields, Kind, width

# What a writer's bytes are filled up to a multiple of: the largest alignment in the format.
ALIGNMENT = 16


@dataclass(frozen=True)
class Behind:
    """An object of another flatbuffer, which will stand right behind what is written.

    Args:
        position: Where it is in the other one, in bytes.
    """

    position: int


def write(values: Mapping[str, Any], fields: Fields, identifier: bytes) -> bytes:
    """Write a flatbuffer.

    Args:
        values: Field name -> value of the first table. A number, a text, bytes or a sequence of
            numbers, a mapping for a table, a list of mappings for a vector of tables; a pair of
            such a mapping and its fields where the kind is `"offset"`, and a `Behind` for any
            object. None and fields that aren't named are absent.
        fields: The fields of the table, as for a reader.
        identifier: The four bytes that say what the flatbuffer is.

    Returns:
        The bytes, a multiple of 16.
    """
    return _Writer(identifier).finish(values, fields)


class _Writer:
    def __init__(self, identifier: bytes) -> None:
        self._data = bytearray(4) + identifier
        self._behind: list[tuple[int, int]] = []

    def finish(self, values: Mapping[str, Any], fields: Fields) -> bytes:
        self._refer(0, values, fields)
        self._fill(ALIGNMENT)
        for at, position in self._behind:
            self._point(at, len(self._data) + position)
        return bytes(self._data)

    def _refer(self, at: int, value: Any, kind: Kind) -> None:
        """Write an object and make the offset at a position point to it."""
        if isinstance(value, Behind):
            self._behind.append((at, value.position))
        else:
            self._point(at, self._object(value, kind))

    def _object(self, value: Any, kind: Kind) -> int:
        if kind == "offset":
            return self._table(*value)
        if kind == "text":
            return self._vector(value.encode("utf-8"), "B", end=b"\0")
        if isinstance(kind, list):
            start = self._vector(bytes(4 * len(value)), "I")
            for number, item in enumerate(value):
                self._refer(start + 4 + 4 * number, item, kind[0])
            return start
        if isinstance(kind, str):
            return self._vector(value, kind[1:])
        return self._table(value, kind)

    def _table(self, values: Mapping[str, Any], fields: Fields) -> int:
        present = [
            (slot, kind, values[name])
            for slot, (name, kind) in fields.items()
            if values.get(name) is not None
        ]
        # The widest first: nothing has to be filled up between them.
        present.sort(key=lambda field: -width(field[1]))
        places, size = {}, 4
        for slot, kind, _ in present:
            places[slot] = size
            size += width(kind)
        slots = [places.get(slot, 0) for slot in range(max(places, default=-1) + 1)]
        head = [2 * len(slots) + 4, size, *slots]
        vtable = self._append(struct.pack(f"<{len(head)}H", *head), 2)
        position = self._append(bytes(size), 4)
        struct.pack_into("<i", self._data, position, position - vtable)
        for slot, kind, value in present:
            at = position + places[slot]
            if isinstance(kind, str) and len(kind) == 1:
                self._data[at : at + width(kind)] = _numbers(value, kind).tobytes()
            else:
                self._refer(at, value, kind)
        return position

    def _vector(self, values: Any, code: str, *, end: bytes = b"") -> int:
        array = (
            np.frombuffer(values, "<" + code)
            if isinstance(values, bytes)
            else _numbers(values, code)
        )
        # Bytes may be a flatbuffer, which counts on being aligned like a file.
        self._fill(ALIGNMENT if array.itemsize == 1 and not end else 4, ahead=4)
        return self._append(struct.pack("<I", len(array)) + array.tobytes() + end, 4)

    def _append(self, content: bytes, alignment: int) -> int:
        self._fill(alignment)
        self._data += content
        return len(self._data) - len(content)

    def _fill(self, alignment: int, ahead: int = 0) -> None:
        self._data += bytes(-(len(self._data) + ahead) % alignment)

    def _point(self, at: int, position: int) -> None:
        struct.pack_into("<I", self._data, at, position - at)


def _numbers(values: Any, code: str) -> np.ndarray[Any, Any]:
    with np.errstate(over="ignore"):  # what float32 can't hold is infinite
        return np.asarray(values, "<" + code)
