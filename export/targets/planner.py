"""Lays tensors out in one piece of memory, the largest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Buffer:
    """A tensor that needs memory.

    Args:
        size: Bytes.
        first: Step that writes it.
        last: Last step that reads it.
    """

    size: int
    first: int
    last: int

    def meets(self, other: Buffer) -> bool:
        """Whether both live at some step."""
        return self.first <= other.last and other.first <= self.last


def plan(buffers: Sequence[Buffer]) -> list[int]:
    """Place each buffer in the first gap among those that live at the same time.

    The largest come first; of equally large ones, the later ones, as TensorFlow Lite for
    Microcontrollers orders them.

    Args:
        buffers: The buffers.

    Returns:
        Where each one starts, in bytes.
    """
    order = sorted(range(len(buffers)), key=lambda number: (-buffers[number].size, -number))
    starts: dict[int, int] = {}
    for number in order:
        wanted = buffers[number]
        beside = sorted(
            (starts[other], starts[other] + buffers[other].size)
            for other in starts
            if wanted.meets(buffers[other])
        )
        start = 0
        for low, high in beside:
            if low - start >= wanted.size:
                break
            start = max(start, high)
        starts[number] = start
    return [starts[number] for number in range(len(buffers))]
