"""The one error that says a model file can't be used here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ModelError(ValueError):
    """The file is no model, is damaged, or needs something that this machine lacks."""


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the file's name before the message of a `ModelError`."""
    try:
        yield
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
