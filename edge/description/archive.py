"""The description inside a model file: a zip archive behind the model, and a buffer in it.

Runtimes read the model from the front and never see the archive, archive tools read it from the
back. It holds `kerascnn.json` with every field, `labels.txt` with one label a line, and
`model.sha256`, the check sum of all that stands before the archive: a single wrong bit in the
weights would otherwise go unnoticed. The buffer says what it can in the form that other tools read,
and names the files; where others wrote it and there is no `kerascnn.json`, it is what is read.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Callable
from os import PathLike
from pathlib import Path

from ..errors import ModelError, naming
from ..file.buffers import put_buffer
from ..file.structure import STANDARD, Structure, read_structure
from ..standard.reading import lines, read_standard
from ..standard.writing import write_standard
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
        The description. Of a file that other tools described: labels, mean, std, description and
        licence, and the task where that follows. An empty one when the file carries none.

    Raises:
        FileNotFoundError: If there is no such file.
        ModelError: If the file is no model, or it or its description is damaged.
    """
    path = Path(path)
    data = path.read_bytes()
    with naming(path):
        return unpack(data, read_structure(data))


def write_metadata(path: str | PathLike[str], metadata: Metadata) -> None:
    """Put a description into a model file, in place of the one it has, for other tools too.

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
        structure = read_structure(data)
        unpack(data, structure)
        model = data[: _archive_start(data, structure.end)]
        standard = write_standard(
            metadata, structure, labels=LABELS_NAME, files=(JSON_NAME, SUM_NAME)
        )
        content = put_buffer(model, STANDARD, standard)
    files = {JSON_NAME: metadata.to_json(), SUM_NAME: hashlib.sha256(content).hexdigest() + "\n"}
    if metadata.labels:
        # A line is a label: one that is broken in two would shift all that follow.
        files[LABELS_NAME] = "".join(" ".join(s.splitlines()) + "\n" for s in metadata.labels)
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a") as archive:
        for name, text in files.items():
            # A ZipInfo has a fixed date: equal models make equal files.
            archive.writestr(zipfile.ZipInfo(name), text)
    # Replaced in one step, so that a crash leaves the old file.
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(stream.getvalue())
    os.replace(draft, path)


def unpack(data: bytes, structure: Structure) -> Metadata:
    """Read the description in a file whose model has been checked.

    Raises:
        ModelError: If the description is damaged, or the model isn't what it was written for.
    """
    start = _archive_start(data, structure.end)
    try:
        if start == len(data):
            return _read(structure, _no_file)
        with zipfile.ZipFile(io.BytesIO(data[start:])) as archive:
            names = set(archive.namelist())
            found = hashlib.sha256(data[:start]).hexdigest()
            if SUM_NAME in names and _member(archive, SUM_NAME) != f"{found}\n".encode():
                raise ValueError("the check sum is that of another model")
            # Each name stands in the archive twice, so damage to one leaves the other.
            if JSON_NAME.encode() in data[start:] and not {JSON_NAME, SUM_NAME} <= names:
                raise ValueError(f"{JSON_NAME} and {SUM_NAME} belong together")
            if JSON_NAME in names:
                return Metadata.from_json(_member(archive, JSON_NAME))
            if structure.standard is None and LABELS_NAME in names:
                return Metadata(labels=lines(_member(archive, LABELS_NAME)))
            return _read(structure, lambda name: _member(archive, name))
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, RuntimeError) as error:
        raise ModelError(
            "A model file and the description inside must be undamaged; copy or export it again. "
            f"Received: {error}"
        ) from error


def _read(structure: Structure, read_file: Callable[[str], bytes]) -> Metadata:
    """Read what other tools wrote, if they did."""
    if structure.standard is None:
        return Metadata()
    return read_standard(structure.standard, structure, read_file)


def _archive_start(data: bytes, end: int) -> int:
    """Find where the archive begins; the file's length when there is none."""
    tail = data[end:].lstrip(b"\0")
    begins = bool(tail) and _SIGNATURE.startswith(tail[:4])
    return len(data) - len(tail) if begins or any(mark in tail for mark in _MARKS) else len(data)


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if name not in archive.namelist():
        return _no_file(name)
    size = archive.getinfo(name).file_size
    if size > _LARGEST:
        raise ValueError(f"{name} holds at most {_LARGEST} bytes. Received: {size}")
    return archive.read(name)


def _no_file(name: str) -> bytes:
    raise ValueError(f"there is no {name} in the file")
