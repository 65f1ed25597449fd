"""The description inside a model file: a zip archive behind the model.

Runtimes read the model from the front and never see the archive, archive tools read it from the
back. It holds `kerascnn.json` with every field, `labels.txt` with one label a line for other
tools, and `model.sha256`, the check sum of all that stands before the archive: a single wrong bit
in the weights would otherwise go unnoticed.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
import zlib
from os import PathLike
from pathlib import Path

from ..errors import ModelError, naming
from ..file.structure import read_structure
from .metadata import Metadata

JSON_NAME = "kerascnn.json"
LABELS_NAME = "labels.txt"
SUM_NAME = "model.sha256"

_SIGNATURE = b"PK\x03\x04"
# One of these behind a model means an archive, even if its first bytes are wrong.
_MARKS = (b"PK\x01\x02", b"PK\x05\x06", JSON_NAME.encode())
# Far above any real description, so that a damaged archive can't claim gigabytes.
_LARGEST = 16 * 2**20


def read_metadata(path: str | PathLike[str]) -> Metadata:
    """Read the description inside a model file.

    Args:
        path: A `.tflite` file.

    Returns:
        The description; an empty one when the file carries none.

    Raises:
        FileNotFoundError: If there is no such file.
        ModelError: If the file is no model, or it or its description is damaged.
    """
    path = Path(path)
    data = path.read_bytes()
    with naming(path):
        return unpack(data, read_structure(data).end)


def write_metadata(path: str | PathLike[str], metadata: Metadata) -> None:
    """Put a description into a model file, in place of the one it has.

    Args:
        path: A `.tflite` file.
        metadata: The description.

    Raises:
        FileNotFoundError: If there is no such file.
        ModelError: If the file is no model, or is damaged.
    """
    path = Path(path)
    data = path.read_bytes()
    with naming(path):
        end = read_structure(data).end
        unpack(data, end)
    content = data[: _archive_start(data, end)]
    files = {
        JSON_NAME: metadata.to_json(),
        LABELS_NAME: "".join(f"{label}\n" for label in metadata.labels),
        SUM_NAME: hashlib.sha256(content).hexdigest() + "\n",
    }
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a") as archive:
        for name, text in files.items():
            # A ZipInfo has a fixed date: equal models make equal files.
            archive.writestr(zipfile.ZipInfo(name), text)
    # Replaced in one step, so that a crash leaves the old file.
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(stream.getvalue())
    os.replace(draft, path)


def unpack(data: bytes, end: int) -> Metadata:
    """Read the description in a file whose model ends at a position.

    Raises:
        ModelError: If the description is damaged, or the model isn't what it was written for.
    """
    start = _archive_start(data, end)
    if start == len(data):
        return Metadata()
    try:
        with zipfile.ZipFile(io.BytesIO(data[start:])) as archive:
            files = {
                name: _member(archive, name)
                for name in (JSON_NAME, LABELS_NAME, SUM_NAME)
                if name in archive.namelist()
            }
        found = hashlib.sha256(data[:start]).hexdigest()
        if files.get(SUM_NAME, found.encode()).decode("ascii").strip() != found:
            raise ValueError("the check sum is that of another model")
        # Each name stands in the archive twice, so damage to one leaves the other.
        if JSON_NAME.encode() in data[start:] and not {JSON_NAME, SUM_NAME} <= files.keys():
            raise ValueError(f"{JSON_NAME} and {SUM_NAME} belong together")
        if JSON_NAME in files:
            return Metadata.from_json(files[JSON_NAME])
        return Metadata(labels=tuple(files.get(LABELS_NAME, b"").decode("utf-8").splitlines()))
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, RuntimeError) as error:
        raise ModelError(
            "A model file and the description inside must be undamaged; copy or export it again. "
            f"Received: {error}"
        ) from error


def _archive_start(data: bytes, end: int) -> int:
    """Find where the archive begins; the file's length when there is none."""
    tail = data[end:].lstrip(b"\0")
    begins = bool(tail) and _SIGNATURE.startswith(tail[:4])
    return len(data) - len(tail) if begins or any(mark in tail for mark in _MARKS) else len(data)


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    size = archive.getinfo(name).file_size
    if size > _LARGEST:
        raise ValueError(f"{name} holds at most {_LARGEST} bytes. Received: {size}")
    return archive.read(name)
