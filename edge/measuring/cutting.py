"""Each operator of a model as a model of its own."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..runtime.tensors import Array
from .model_file import ModelFile, Table, moved, reads, writes


@dataclass(frozen=True)
class Cut:
    """A model of one operator.

    Args:
        index: Place of the operator in its file.
        name: What it is, such as `"CONV_2D"`.
        output: Name of the first tensor that it writes.
        shape: Shape of that tensor.
        content: The model file.
        inputs: What it reads in the whole model, by index of the tensor in the model file.
    """

    index: int
    name: str
    output: str
    shape: tuple[int, ...]
    content: bytes
    inputs: Mapping[int, Array]


class Cutter:
    """Cuts the first graph of a model into its operators.

    An operator that reads constants alone, such as one that unpacks weights, stays with those that
    read its result: a runtime does its work before the first call.

    Args:
        content: A checked model file.
        values: What each tensor of its first graph holds, by index; those of constants aren't
            asked for.

    Raises:
        ImportError: If the runtime ships no schema.
    """

    def __init__(self, content: bytes, values: Mapping[int, Array]) -> None:
        self._file = ModelFile(content)
        self._values = values
        self._tensors = self._file.graph.tensors
        self._fixed = {i for i, one in enumerate(self._tensors) if self._file.is_constant(one)}
        # Tensor made of constants -> the operator that makes it.
        self._unpacked: dict[int, Table] = {}
        for operator in self._file.graph.operators:
            known = self._fixed | self._unpacked.keys()
            if reads(operator) and known.issuperset(reads(operator)):
                self._unpacked.update(dict.fromkeys(writes(operator), operator))

    def __iter__(self) -> Iterator[Cut]:
        for index, operator in enumerate(self._file.graph.operators):
            if writes(operator) and not self._unpacked.keys() & set(writes(operator)):
                yield self._cut(index, operator)

    def _cut(self, index: int, operator: Table) -> Cut:
        operators = [*self._feeders(operator), operator]
        places: dict[int, int] = {}
        for one in operators:
            for i in (*reads(one), *writes(one), *map(int, one.intermediates or ())):
                places.setdefault(i, len(places))
        inputs, shapes = self._inputs(operator)
        buffers = self._buffers(places)
        graph = self._file.schema.SubGraphT()
        graph.tensors = [self._tensor(i, buffers, fixed=i in shapes) for i in places]
        graph.operators = [moved(one, places) for one in operators]
        graph.inputs = [places[i] for i in inputs]
        graph.outputs = [places[i] for i in writes(operator)]
        first = writes(operator)[0]
        return Cut(
            index,
            self._file.name(operator),
            (self._tensors[first].name or b"").decode("utf-8", "replace"),
            self._values[first].shape,
            self._file.write(graph, buffers),
            {places[i]: self._values[i] for i in inputs},
        )

    def _feeders(self, operator: Table) -> list[Table]:
        """Find the operators that unpack what an operator reads, in the order of their work."""
        found: list[Table] = []
        for feeder in (self._unpacked[i] for i in reads(operator) if i in self._unpacked):
            for one in (*self._feeders(feeder), feeder):
                if not any(one is other for other in found):
                    found.append(one)
        return found

    def _inputs(self, operator: Table) -> tuple[list[int], list[int]]:
        """Find what must be fed, and the integers that may decide on shapes, which can't be."""
        fed = [
            i
            for i in dict.fromkeys(reads(operator))
            if not (i in self._fixed or i in self._unpacked or self._tensors[i].isVariable)
        ]
        shapes = [i for i in fed if self._values[i].dtype in (np.int32, np.int64)]
        return (
            ([i for i in fed if i not in shapes], shapes) if len(shapes) < len(fed) else (fed, [])
        )

    def _buffers(self, places: Mapping[int, int]) -> list[Table]:
        """Keep the buffers of some tensors, and of all other graphs, in their places."""
        kept = {self._tensors[i].buffer for i in places if i in self._fixed}
        for graph in self._file.model.subgraphs[1:]:
            kept |= {tensor.buffer for tensor in graph.tensors}
        return [
            buffer if place in kept else self._file.schema.BufferT()
            for place, buffer in enumerate(self._file.model.buffers)
        ]

    def _tensor(self, i: int, buffers: list[Table], *, fixed: bool) -> Table:
        """Copy a tensor; a fixed one gets what it holds in the whole model as its constant."""
        tensor = copy.copy(self._tensors[i])
        if fixed:
            buffer = self._file.schema.BufferT()
            buffer.data = np.frombuffer(self._values[i].tobytes(), np.uint8)
            tensor.buffer = len(buffers)
            buffers.append(buffer)
        return tensor
