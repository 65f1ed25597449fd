"""What goes into a model's graph and comes out, in the order of the graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .operators import Table, ints
from .schema import CONVERSIONS


@dataclass(frozen=True)
class Port:
    """An input or output of the graph.

    Args:
        name: Its name in the signature; of the tensor, where no signature names it.
        shape: Its shape.
        type: Number of its element type in the schema.
        scale: Size of a step, 0 where it isn't quantized as a whole.
        zero_point: Integer that stands for 0.
        operator: Number of the operator that gives it, besides conversions of the element type; -1
            for an input.
    """

    name: str
    shape: tuple[int, ...]
    type: int
    scale: float
    zero_point: int
    operator: int


def read_ports(
    graph: Table, ends: str, named: Mapping[str, int], codes: list[int]
) -> tuple[Port, ...]:
    """Describe the inputs or outputs of a checked graph.

    Args:
        graph: The main subgraph.
        ends: "inputs" or "outputs".
        named: Name in the signature -> index of the tensor.
        codes: The operators that the file uses, by index.
    """
    names = {index: name for name, index in named.items()}
    sources = _sources(graph, codes)
    ports = []
    for index in ints(graph[ends]):
        tensor = graph["tensors"][index]
        quantization = tensor["quantization"] or {}
        scale, zero = quantization.get("scale"), ints(quantization.get("zero_point"))
        ports.append(
            Port(
                name=names.get(index, tensor["name"] or str(index)),
                shape=tuple(tensor["shape"]),
                type=tensor["type"] or 0,
                scale=float(scale[0]) if scale is not None and len(scale) == 1 else 0.0,
                zero_point=zero[0] if zero else 0,
                operator=sources.get(index, -1),
            )
        )
    return tuple(ports)


def _sources(graph: Table, codes: list[int]) -> dict[int, int]:
    """The operator behind each tensor; conversions count as the operator before them."""
    sources: dict[int, int] = {}
    for operator in graph["operators"]:
        code, reads = codes[operator["code"] or 0], ints(operator["inputs"])
        if code in CONVERSIONS:
            code = sources.get(reads[0], -1) if reads else -1
        sources.update(dict.fromkeys(ints(operator["outputs"]), code))
    return sources
