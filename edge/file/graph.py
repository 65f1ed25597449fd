"""The checks of a model's graph that keep a runtime from crashing.

Each was found by damaging files byte by byte; what all runtimes refuse isn't repeated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from .flatbuffer import Reader
from .schema import (
    BITS,
    CONV_2D,
    DEPTHWISE_CONV_2D,
    DEQUANTIZE,
    OPTIONAL_FROM,
    OPTIONS,
    OPTIONS_OF,
    TRANSPOSE_CONV,
)

Table = dict[str, Any]
Values = NDArray[np.uint8]

_LARGEST_TENSOR = 2**31  # bytes; the runtimes count in 32 bits
_LARGEST_STEP = 2**15  # strides and windows; the runtimes multiply two of them in 32 bits


def require(condition: bool, found: str) -> None:
    """Raise the error of a damaged file unless a condition holds."""
    if not condition:
        raise ModelError(
            "A model file must be complete and undamaged; copy or export it again. "
            f"Received: {found}"
        )


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
    for name in ("tensors", "operators"):
        require(graph[name] is not None, f"a subgraph without {name}")
    tensors = graph["tensors"]
    for tensor in tensors:
        _check_tensor(tensor, buffers)
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
        optional = OPTIONAL_FROM.get(code, len(reads))
        for place, i in enumerate(reads):
            require(i in known or (i == -1 and place >= optional), f"{where} with input {i}")
        fresh = all(i in indices and (i in fixed or i not in known) for i in writes)
        require(fresh, f"{where} with outputs {writes}")
        between = ints(operator["intermediates"])
        require(all(-1 <= i < len(tensors) for i in between), f"{where}, inside {between}")
        known.update(writes)
        _check_options(reader, operator, code, graphs, where)
        _check_shapes(code, [tensors[i] for i in reads if i >= 0], [tensors[i] for i in writes])
    require(known.issuperset(outputs), f"outputs {outputs}")


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
    _check_quantization(tensor["quantization"] or {}, shape, name)


def _check_quantization(quantization: Table, shape: list[int], name: str) -> None:
    scale, zero = quantization.get("scale"), quantization.get("zero_point")
    if scale is None or not len(scale):
        return
    axis = quantization["dimension"] or 0
    allowed = {1, shape[axis]} if 0 <= axis < len(shape) else {1}
    require(len(scale) in allowed, f"tensor {name!r} with {len(scale)} scales, shape {shape}")
    require(zero is None or len(zero) in (0, 1, len(scale)), f"the zero points of {name!r}")
    require(bool(np.all(np.isfinite(scale) & (scale >= 0))), f"tensor {name!r}, scale {scale}")


def _check_options(reader: Reader, operator: Table, code: int, graphs: int, where: str) -> None:
    kind = operator["options_type"] or 0
    present = operator["options"] is not None
    if code in OPTIONS_OF:
        require(present and kind == OPTIONS_OF[code], f"{where} with options of type {kind}")
    options = reader.table(operator["options"], OPTIONS.get(kind, {})) if present else {}
    require((options.get("padding") or 0) in (0, 1), f"{where} with padding {options}")
    for name, value in options.items():
        if name.startswith(("stride", "filter", "block", "dilation")):
            value = 1 if value is None and name.startswith("dilation") else value or 0
            require(0 < value <= _LARGEST_STEP, f"{where} with {name}={value}")
        elif name == "results":
            require(value == len(ints(operator["outputs"])), f"{where} with {value} results")
        elif name.startswith("graph"):
            require(0 <= (value or 0) < graphs, f"{where} with {name}={value}")


def _check_shapes(code: int, reads: list[Table], writes: list[Table]) -> None:
    """Check the shapes that kernels rely on."""
    shapes = [tensor["shape"] for tensor in reads]
    if code == CONV_2D:
        require([len(shape) for shape in shapes[:2]] == [4, 4], f"a convolution of {shapes}")
        (*_, channels), (filters, *_, depth) = shapes[:2]
        groups = channels // max(depth, 1)
        whole = groups and channels == groups * depth and filters % groups == 0
        require(bool(whole), f"a convolution of {shapes}")
    if code == DEPTHWISE_CONV_2D:
        require(len(shapes) >= 3, f"a depthwise convolution of {shapes}")
    if code == DEQUANTIZE:
        require(
            shapes == [tensor["shape"] for tensor in writes], f"values of other shapes {shapes}"
        )
    if code == TRANSPOSE_CONV and reads and len(reads[0]["values"]):
        size = reads[0]["values"].view("<i4").tolist()
        require(len(writes) == 1 and size == writes[0]["shape"], f"a size {size} of another shape")


def ints(values: Iterable[int] | None) -> list[int]:
    """Make Python numbers of a vector that may be absent."""
    return [] if values is None else [int(value) for value in values]
