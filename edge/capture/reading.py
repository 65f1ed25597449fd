"""What every source of pictures gives."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeAlias

from ..runtime.tensors import Array


@dataclass(frozen=True)
class Frame:
    """One picture of a source.

    Args:
        pixels: uint8, (H, W, 1) if grey, else RGB of shape (H, W, 3).
        name: What a file of it may be called, without an ending; no two of a source share one.
    """

    pixels: Array
    name: str


WAKING = 15  # pictures of a camera that are dropped, until its exposure has settled

# The name of each picture, and what decodes it: a picture that is left out costs little.
Reader: TypeAlias = Generator[tuple[str, Callable[[], Array]], None, None]


@dataclass(frozen=True)
class Source:
    """A place that pictures come from.

    Args:
        kind: `"picture"`, `"film"`, `"folder"`, `"video"` or `"camera"`.
        read: Opens it and gives its pictures one after the other.
        length: How many there are; None when that isn't known before the end.
    """

    kind: str
    read: Callable[[], Reader]
    length: int | None = None


def numbered(stem: str, number: int) -> str:
    """Name a picture of a sequence so that names sort in its order."""
    return f"{stem}_{number:06d}"
