"""The checks of a model's graph that keep a runtime from crashing."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..errors import ModelError
from .flatbuffer import Reader
from .schema import BITS, CONV_2D, OPTIONAL_FROM, OPTIONS

Table = dict[str, Any]

_LARGEST_TENSOR = 2**31  # bytes; the runtimes count in 32 bits


def require(condition: bool, found: str) -> None:
    """Raise the error of a damaged file unless a condition holds."""
    if not condition:
        raise ModelError(
            "A model file must be complete and undamaged; copy or export it again. "
            f"Received: {found}"
        )


def buffer_size(reader: Reader, buffer: Table) -> int:
    """Give the bytes of a buffer, inside the flatbuffer or behind it."""
    if buffer["data"] is None and (buffer["offset"] or 0) > 1:
        reader.need(buffer["offset"], buffer["size"] or 0)
        return int(buffer["size"] or 0)
    return 0 if buffer["data"] is None else len(buffer["data"])


def check_graph(reader: Reader, graph: Table, codes: list[int], sizes: list[int]) -> None:
    """Check that every index fits, and that every tensor is written before it is read."""
    for name in ("tensors", "operators"):
        require(graph[name] is not None, f"a subgraph without {name}")
    tensors = graph["tensors"]
    constant = [_check_tensor(tensor, sizes) for tensor in tensors]
    ends = [*ints(graph["inputs"]), *ints(graph["outputs"])]
    require(all(0 <= i < len(tensors) for i in ends), f"inputs and outputs {ends}")
    known = {
        i
        for i, tensor in enumerate(tensors)
        if constant[i] or tensor["variable"] or 0 in ints(tensor["shape"])
    }
    written = set(ints(graph["inputs"]))
    require(not any(constant[i] for i in written), "a constant as an input")
    for number, operator in enumerate(graph["operators"]):
        where = f"operator {number}"
        code = operator["code"] or 0
        require(code < len(codes), f"{where} of kind {code}")
        inputs, outputs = ints(operator["inputs"]), ints(operator["outputs"])
        optional = OPTIONAL_FROM.get(codes[code], len(inputs))
        for place, i in enumerate(inputs):
            left_out = i == -1 and place >= optional
            require(left_out or i in known or i in written, f"{where} with input {i}")
        fresh = all(0 <= i < len(tensors) and not constant[i] for i in outputs)
        require(fresh and not written & set(outputs), f"{where} with outputs {outputs}")
        between = ints(operator["intermediates"])
        require(all(-1 <= i < len(tensors) for i in between), f"{where}, inside {between}")
        written.update(outputs)
        _check_options(reader, operator, where)
        if codes[code] == CONV_2D:
            _check_groups([ints(tensors[i]["shape"]) for i in inputs[:2]], where)
    outputs = ints(graph["outputs"])
    require(all(i in known or i in written for i in outputs), f"outputs {outputs}")


def _check_tensor(tensor: Table, sizes: list[int]) -> bool:
    """Check a tensor and say whether the file holds its values."""
    name, shape = tensor["name"] or "", ints(tensor["shape"])
    require((tensor["buffer"] or 0) < len(sizes), f"tensor {name!r} in no buffer")
    require(all(size >= 0 for size in shape), f"tensor {name!r} of shape {shape}")
    size, bits = sizes[tensor["buffer"] or 0], BITS.get(tensor["type"] or 0)
    elements = math.prod(shape)
    if bits is not None:
        needed = (elements * bits + 7) // 8
        require(needed < _LARGEST_TENSOR, f"tensor {name!r} of shape {shape}")
        if size and not tensor["sparsity"]:
            require(size == needed, f"tensor {name!r} of {needed} bytes with {size} bytes")
    _check_quantization(tensor["quantization"] or {}, shape, name)
    return size > 0


def _check_quantization(quantization: Table, shape: list[int], name: str) -> None:
    scale, zero = quantization.get("scale"), quantization.get("zero_point")
    if scale is None or not len(scale):
        return
    axis = quantization["dimension"] or 0
    allowed = {1, shape[axis]} if 0 <= axis < len(shape) else {1}
    require(len(scale) in allowed, f"tensor {name!r} with {len(scale)} scales, shape {shape}")
    require(zero is None or len(zero) in (0, 1, len(scale)), f"the zero points of {name!r}")
    require(bool(np.all(np.isfinite(scale) & (scale >= 0))), f"tensor {name!r}, scale {scale}")


def _check_options(reader: Reader, operator: Table, where: str) -> None:
    if operator["options"] is None:
        return
    options = reader.table(operator["options"], OPTIONS.get(operator["options_type"] or 0, {}))
    for name, value in options.items():
        if name.startswith("dilation"):
            require(value is None or value > 0, f"{where} with {name}={value}")
        elif name.startswith(("stride", "filter", "block")):
            require(bool(value) and value > 0, f"{where} with {name}={value}")


def _check_groups(shapes: list[list[int]], where: str) -> None:
    """Check that channels divide into groups, since tflite-runtime divides by their number."""
    require([len(shape) for shape in shapes] == [4, 4], f"{where} with shapes {shapes}")
    (*_, channels), (filters, *_, depth) = shapes
    whole = depth and channels % depth == 0 and channels and filters % (channels // depth) == 0
    require(bool(whole), f"{where} with shapes {shapes}")


def ints(values: Iterable[int] | None) -> list[int]:
    """Make Python numbers of a vector that may be absent."""
    return [] if values is None else [int(value) for value in values]
