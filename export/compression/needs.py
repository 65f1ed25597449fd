"""Which channels of each tensor have to be computed."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from ..graphs.graph import Step
from .channels import Channels
from .constants import Vector, is_foldable, kernel_rows

Kept = npt.NDArray[np.bool_]


def needs(channels: Channels, constant: dict[int, Vector]) -> dict[int, Kept]:
    """Find the channels that some output of the model depends on.

    What an addition or another step takes place by place has the same channels on every side, so
    the union of what its neighbours need. At least one channel of each tensor stays.

    Args:
        channels: The tensors and steps of a flat model.
        constant: What `constants` found.
    """
    return _Needs(channels, constant).settle()


class _Needs:
    def __init__(self, channels: Channels, constant: dict[int, Vector]) -> None:
        self.channels, self.constant = channels, constant
        graph = channels.graph
        self.kept = {tensor: np.zeros(channels.size(tensor), bool) for tensor in channels.shapes}
        for tensor in (*graph.inputs, *graph.outputs):
            self.kept[tensor][:] = True
        # A layer that is called twice has one kernel.
        self.calls: dict[int, list[Step]] = defaultdict(list)
        for step in graph.steps:
            self.calls[id(step.operation)].append(step)

    def settle(self) -> dict[int, Kept]:
        """Spread the needs until nothing changes."""
        self._spread()
        for kept in self.kept.values():
            if not kept.any():
                kept[0] = True
        self._spread()
        return self.kept

    def _spread(self) -> None:
        before = -1
        while before != (count := sum(int(kept.sum()) for kept in self.kept.values())):
            before = count
            for step, role in reversed(
                list(zip(self.channels.graph.steps, self.channels.roles, strict=True))
            ):
                getattr(self, f"_{role}")(step)
                for other in self.calls[id(step.operation)]:
                    self._join([*step.results[:1], *other.results[:1]])
                    if len(step.sources) == len(other.sources) == 1:
                        self._join([step.sources[0], other.sources[0]])

    def _join(self, tensors: list[int]) -> None:
        union = np.any([self.kept[tensor] for tensor in tensors], axis=0)
        for tensor in tensors:
            self.kept[tensor] |= union

    def _pointwise(self, step: Step) -> None:
        self._join([*step.sources, *step.results])

    _moving = _padding = _pointwise

    def _opaque(self, step: Step) -> None:
        for tensor in (*step.sources, *step.results):
            self.kept[tensor][:] = True

    def _mixing(self, step: Step) -> None:
        rows = kernel_rows(step.operation)[..., self.kept[step.results[0]]]
        constant = self.constant[step.sources[0]]
        # One bias cannot stand for another number in each call.
        once = len(self.calls[id(step.operation)]) == 1
        spare = is_foldable(step.operation, constant) if once else constant == 0
        self.kept[step.sources[0]] |= np.any(rows != 0, axis=(0, 2)) & ~spare

    def _depthwise(self, step: Step) -> None:
        inside, outside = self.kept[step.sources[0]], self.kept[step.results[0]]
        inside |= outside.reshape(len(inside), -1).any(1)
        outside |= np.repeat(inside, len(outside) // len(inside))

    def _flattening(self, step: Step) -> None:
        inside, outside = self.kept[step.sources[0]], self.kept[step.results[0]]
        inside |= outside.reshape(-1, len(inside)).any(0)
        outside |= np.tile(inside, len(outside) // len(inside))

    def _concatenation(self, step: Step) -> None:
        outside = self.kept[step.results[0]]
        ends = np.cumsum([len(self.kept[source]) for source in step.sources])
        for source, part in zip(step.sources, np.split(outside, ends[:-1]), strict=True):
            self.kept[source] |= part
        outside |= np.concatenate([self.kept[source] for source in step.sources])
