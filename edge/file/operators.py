"""The checks of operators: what kernels rely on and not every runtime looks at.

Each was found by damaging files byte by byte; what all runtimes refuse isn't repeated.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..errors import ModelError
from .flatbuffer import Reader
from .schema import (
    CONV_2D,
    DEPTHWISE_CONV_2D,
    DEQUANTIZE,
    OPTIONAL_FROM,
    OPTIONS,
    OPTIONS_OF,
    TRANSPOSE_CONV,
)

Table = dict[str, Any]

# Operator -> inputs that its kernel reads unasked.
_FEWEST_INPUTS = {
    DEPTHWISE_CONV_2D: 3,
    45: 4,  # STRIDED_SLICE
    49: 2,  # SPLIT
    65: 3,  # SLICE
    126: 2,  # BATCH_MATMUL
    144: 2,  # ASSIGN_VARIABLE
}
# Operators that give each element its own; some kernels write as many as they read, of any type.
_CONVERSIONS = {DEQUANTIZE, 53, 114}  # CAST, QUANTIZE
_ELEMENTWISE = {
    *_CONVERSIONS, 14, 19, 20, 21, 25, 28, 47, 50, 59, 73, 75, 76, 80, 92, 98, 101, 111, 117, 150
}  # fmt: skip
_LARGEST_STEP = 2**15  # strides and windows; the runtimes multiply two of them in 32 bits


def check_operator(
    reader: Reader, operator: Table, code: int, tensors: list[Table], graphs: int, where: str
) -> Table:
    """Check the operands, options and shapes of an operator whose tensors exist.

    Args:
        reader: The reader of the file.
        operator: The operator.
        code: Which one it is.
        tensors: The tensors of its subgraph.
        graphs: Number of subgraphs.
        where: How a message names the operator.

    Returns:
        Its options, as far as they are read.

    Raises:
        ModelError: If a kernel could crash.
    """
    reads, writes = ints(operator["inputs"]), ints(operator["outputs"])
    optional = OPTIONAL_FROM.get(code, len(reads))
    require(-1 not in reads[:optional], f"{where} with inputs {reads}")
    between = ints(operator["intermediates"])
    require(all(-1 <= i < len(tensors) for i in between), f"{where}, inside {between}")
    options = _check_options(reader, operator, code, graphs, where)
    _check_shapes(code, [tensors[i] for i in reads if i >= 0], [tensors[i] for i in writes])
    return options


def _check_options(reader: Reader, operator: Table, code: int, graphs: int, where: str) -> Table:
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
    return options


def _check_shapes(code: int, reads: list[Table], writes: list[Table]) -> None:
    """Check the shapes and types that kernels rely on."""
    shapes = [tensor["shape"] for tensor in reads]
    if code == CONV_2D:
        require([len(shape) for shape in shapes[:2]] == [4, 4], f"a convolution of {shapes}")
        (*_, channels), (filters, *_, depth) = shapes[:2]
        groups = channels // max(depth, 1)
        whole = groups and channels == groups * depth and filters % groups == 0
        require(bool(whole), f"a convolution of {shapes}")
    fewest = _FEWEST_INPUTS.get(code, 0)
    require(len(shapes) >= fewest, f"{len(shapes)} inputs where {fewest} are needed")
    if code in _ELEMENTWISE:
        made = [tensor["shape"] for tensor in writes]
        require(bool(made) and shapes == made, f"values of shapes {shapes} that become {made}")
        types = {tensor["type"] or 0 for tensor in (*reads, *writes)}
        alike = len(types) == 1 or code in _CONVERSIONS
        require(alike, f"values of type {min(types)} that become {max(types)}")
    if code == TRANSPOSE_CONV and reads and len(reads[0]["values"]):
        size = reads[0]["values"].view("<i4").tolist()
        require(len(writes) == 1 and size == writes[0]["shape"], f"a size {size} of another shape")


def require(condition: bool, found: str) -> None:
    """Raise the error of a damaged file unless a condition holds."""
    if not condition:
        raise ModelError(
            "A model file must be complete and undamaged; copy or export it again. "
            f"Received: {found}"
        )


def ints(values: Iterable[int] | None) -> list[int]:
    """Make Python numbers of a vector that may be absent."""
    return [] if values is None else [int(value) for value in values]
