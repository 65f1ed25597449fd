"""Pillow, imported only where a picture file or a drawing asks for it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from os import PathLike
from typing import Any


def pillow(module: str) -> Any:
    """Import a module of Pillow.

    Raises:
        ImportError: If Pillow isn't installed; the message says how to install it.
    """
    try:
        return import_module(f"PIL.{module}")
    except ImportError as error:
        raise ImportError(
            "Picture files, resizing and drawing need Pillow. Install it with: pip install pillow"
        ) from error


@contextmanager
def readable(path: str | PathLike[str]) -> Iterator[None]:
    """Name the file in what Pillow raises while it reads it.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no picture, or is damaged.
    """
    damaged = (OSError, SyntaxError, ValueError, EOFError, struct.error)
    try:
        yield
    except FileNotFoundError:
        raise
    except (*damaged, pillow("Image").DecompressionBombError) as error:
        raise ValueError(f"A picture file must be readable. Received: {path} ({error})") from error
