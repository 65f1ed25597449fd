"""A reader of flatbuffers that checks every offset, so that a damaged file is an error.

The runtimes trust the offsets of a file to different degrees: `tflite-runtime` 2.14 crashes on
three of four truncated files. This reader walks the whole structure before a runtime sees it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from ..errors import ModelError

# What a field holds: a struct code such as "i" for a number, "[i" for a vector of numbers, "text",
# a mapping for a table, a list of one mapping for a vector of tables, and "offset" or "[offset" for
# the position of an object or of each object in a vector, which isn't looked into.
Kind: TypeAlias = Any
# Slot in the table -> name and kind. Slots that aren't listed are skipped.
Fields: TypeAlias = Mapping[int, tuple[str, Kind]]

_MOST_TABLES = 1_000_000


class Reader:
    """Reads tables out of a flatbuffer.

    Args:
        data: The whole file.

    Attributes:
        end: Position behind the last byte that was read, in bytes.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.end = 0
        self._tables = 0

    def root(self, fields: Fields) -> dict[str, Any]:
        """Read the table that the file begins with.

        Raises:
            ModelError: If any offset or size points outside the file.
        """
        return self.table(self._follow(0), fields)

    def table(self, position: int, fields: Fields) -> dict[str, Any]:
        """Read the table at a position; absent fields are None."""
        self._tables += 1
        if self._tables > _MOST_TABLES:
            raise ModelError(f"A model file has at most {_MOST_TABLES} tables. It is damaged.")
        vtable = position - self._number(position, "i")
        vtable_size, size = self._number(vtable, "H"), self._number(vtable + 2, "H")
        if vtable_size < 4 or vtable_size % 2 or size < 4:
            raise self._damaged(vtable)
        self.need(vtable, vtable_size)
        self.need(position, size)
        offsets = struct.unpack_from(f"<{vtable_size // 2 - 2}H", self.data, vtable + 4)
        if any(0 < offset < 4 or offset >= size for offset in offsets):
            raise self._damaged(vtable)
        values = {}
        for slot, (name, kind) in fields.items():
            offset = offsets[slot] if slot < len(offsets) else 0
            values[name] = self._value(position + offset, kind) if offset else None
            if offset and offset + width(kind) > size:
                raise self._damaged(position)
        return values

    def need(self, position: int, size: int, align: int = 1) -> None:
        """Check that bytes lie inside the file, at a multiple of `align`."""
        if position < 0 or position + size > len(self.data) or position % align:
            raise self._damaged(position)
        self.end = max(self.end, position + size)

    def _value(self, position: int, kind: Kind) -> Any:
        if kind == "offset":
            return self._follow(position)
        if kind == "text":
            return self._text(self._follow(position))
        if kind == "[offset":
            return self._each(self._follow(position), lambda at: at)
        if isinstance(kind, str) and kind.startswith("["):
            return self._vector(self._follow(position), np.dtype("<" + kind[1:]))
        if isinstance(kind, str):
            return self._number(position, kind)
        if isinstance(kind, list):
            return self._each(self._follow(position), lambda at: self.table(at, kind[0]))
        return self.table(self._follow(position), kind)

    def _number(self, position: int, code: str) -> Any:
        size = struct.calcsize("<" + code)
        self.need(position, size, size)
        return struct.unpack_from("<" + code, self.data, position)[0]

    def _follow(self, position: int) -> int:
        return position + int(self._number(position, "I"))

    def _vector(self, position: int, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
        count = self._number(position, "I")
        self.need(position + 4, count * dtype.itemsize, dtype.itemsize if count else 1)
        return np.frombuffer(self.data, dtype, count, position + 4)

    def _text(self, position: int) -> str:
        content = self._vector(position, np.dtype("u1")).tobytes()
        if self._number(position + 4 + len(content), "B"):  # runtimes read up to a zero
            raise self._damaged(position)
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            raise self._damaged(position) from None

    def _each(self, position: int, read: Callable[[int], Any]) -> list[Any]:
        offsets = self._vector(position, np.dtype("<u4"))
        return [read(position + 4 + 4 * i + int(offset)) for i, offset in enumerate(offsets)]

    def _damaged(self, position: int) -> ModelError:
        return ModelError(
            "A model file must be complete and undamaged; copy or export it again. "
            f"Received: {len(self.data)} bytes, wrong near byte {position}"
        )


def width(kind: Kind) -> int:
    """Bytes that a field takes inside its table; all but numbers are an offset."""
    return struct.calcsize("<" + kind) if isinstance(kind, str) and len(kind) == 1 else 4
