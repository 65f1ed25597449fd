"""The checks of a model's graph: indices, shapes, and values before they are used."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .flatbuffer import Reader
from .operators import Table, check_operator, ints, require
from .scales import check_quantization, check_scales
from .schema import BITS
from .windows import check_window

Values = NDArray[np.uint8]

_LARGEST_TENSOR = 2**31  # bytes; the runtimes count in 32 bits


def buffer_values(reader: Reader, buffer: Table) -> Values:
    """Give the bytes of a buffer, inside the flatbuffer or behind it."""
    if buffer["data"] is None and (buffer["offset"] or 0) > 1:
        start, size = buffer["offset"], buffer["size"] or 0
        reader.need(start, size)
        return np.frombuffer(reader.data, np.uint8, size, start)
    return np.empty(0, np.uint8) if buffer["data"] is None else buffer["data"]


def check_graph(
    reader: Reader, graph: Table, codes: list[int], buffers: list[Values], graphs: int
) -> None:
    """Check that every index fits, and that every tensor is written before it is read.

    Args:
        reader: The reader of the file.
        graph: One of its subgraphs.
        codes: The operators that the file uses, by index.
        buffers: The buffers of the file.
        graphs: Number of subgraphs.

    Raises:
        ModelError: If it isn't so.
    """
    tensors = _check_tensors(graph, buffers)
    constant = {i for i, tensor in enumerate(tensors) if len(tensor["values"])}
    inputs, outputs = ints(graph["inputs"]), ints(graph["outputs"])
    indices = range(len(tensors))
    require(all(i in indices for i in inputs + outputs), f"inputs {inputs}, outputs {outputs}")
    for i in inputs:
        require(i not in constant and all(tensors[i]["shape"]), f"an input {tensors[i]['shape']}")
    fixed = {i for i in indices if tensors[i]["variable"] or 0 in tensors[i]["shape"]}
    known = constant | fixed | set(inputs)
    for number, operator in enumerate(graph["operators"]):
        where = f"operator {number}"
        require((operator["code"] or 0) < len(codes), f"{where} of kind {operator['code']}")
        code = codes[operator["code"] or 0]
        reads, writes = ints(operator["inputs"]), ints(operator["outputs"])
        unknown = set(reads) - known - {-1}
        require(not unknown, f"{where} with inputs {reads}, of which {unknown} aren't written")
        fresh = all(i in indices and (i in fixed or i not in known) for i in writes)
        require(fresh, f"{where} with outputs {writes}")
        known.update(writes)
        options = check_operator(reader, operator, code, tensors, graphs, where)
        sides = [tensors[i] for i in reads if i >= 0], [tensors[i] for i in writes]
        check_scales(code, *sides, where)
        check_window(code, options, *sides, where)
    require(known.issuperset(outputs), f"outputs {outputs}")


def _check_tensors(graph: Table, buffers: list[Values]) -> list[Table]:
    """Check the tensors of a subgraph, which has operators too."""
    for name in ("tensors", "operators"):
        require(graph[name] is not None, f"a subgraph without {name}")
    for tensor in graph["tensors"]:
        _check_tensor(tensor, buffers)
    tensors: list[Table] = graph["tensors"]
    return tensors


def _check_tensor(tensor: Table, buffers: list[Values]) -> None:
    """Check a tensor and note its shape as numbers and the values that the file holds."""
    name, shape = tensor["name"] or "", ints(tensor["shape"])
    require((tensor["buffer"] or 0) < len(buffers), f"tensor {name!r} in no buffer")
    require(all(size >= 0 for size in shape), f"tensor {name!r} of shape {shape}")
    tensor["shape"], tensor["values"] = shape, buffers[tensor["buffer"] or 0]
    size, bits = len(tensor["values"]), BITS.get(tensor["type"] or 0)
    if bits is not None:
        needed = (math.prod(shape) * bits + 7) // 8
        require(needed < _LARGEST_TENSOR, f"tensor {name!r} of shape {shape}")
        if size and not tensor["sparsity"]:
            require(size == needed, f"tensor {name!r} of {needed} bytes with {size} bytes")
    check_quantization(tensor, shape, name)
