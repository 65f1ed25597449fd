"""Writes model files so that an older one is replaced whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Open a working file in the folder of the target, before the work that it is for.

    The caller moves it to the target when it is good; otherwise it is removed.

    Raises:
        ValueError: If the target can't be written there.
    """
    if path.is_dir():
        raise ValueError(f"path must be a file. Received: path={path}, which is a folder")
    working = path.with_name(f".{path.name}.{os.getpid()}.writing")
    try:
        working.open("wb").close()
    except OSError as error:
        raise ValueError(
            "path must lie in a folder that exists and can be written. "
            f"Received: path={path} ({error.strerror})"
        ) from error
    try:
        yield working
    finally:
        working.unlink(missing_ok=True)
