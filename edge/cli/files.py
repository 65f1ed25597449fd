"""Writes files so that an older one is replaced whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a working file beside the target, which takes its place when the block ends well.

    The working file keeps the target's ending, which tells writers the format.

    Raises:
        OSError: If the folder does not exist or cannot be written.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"The folder must exist. Received: {path}")
    working = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield working
        os.replace(working, path)
    finally:
        working.unlink(missing_ok=True)
