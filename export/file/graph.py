"""What a `.tflite` file holds, as plain Python."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

_BITS = {"bool": 8}


@dataclass(frozen=True)
class Tensor:
    """One tensor of a file.

    Args:
        name: Its name; for inputs and outputs of the model the name in the signature.
        shape: Its shape, with -1 for a dimension that is known only when the model runs.
        dtype: Its element type, such as `float32` or `int8`.
        scale: Real value of one step, 0.0 when the tensor isn't quantized per tensor.
        zero_point: The integer that stands for the real value 0.
        scales: Number of scales: 0 for no quantization, 1 per tensor, more per channel.
        constant: Whether its values are stored in the file.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float = 0.0
    zero_point: int = 0
    scales: int = 0
    constant: bool = False

    @property
    def bytes(self) -> int:
        """Bytes of the tensor, with unknown dimensions counted as 1."""
        bits = int("".join(filter(str.isdigit, self.dtype)) or _BITS.get(self.dtype, 0))
        return -(-math.prod(max(size, 1) for size in self.shape) * bits // 8)

    @property
    def floating(self) -> bool:
        """Whether the elements are floating-point numbers."""
        return "float" in self.dtype or "complex" in self.dtype


@dataclass(frozen=True)
class Step:
    """One operator of a graph; inputs and outputs are indices of tensors, -1 for none.

    A custom operator bears its own name, which no runtime knows by itself. The options are the
    numbers of the schema's own table for the operator, such as `strideW`.
    """

    name: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    custom: bool = False
    options: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """One subgraph: its tensors, its operators in the order they run, and its ends.

    The constants are the values of short integer tensors, such as axes and paddings, by index.
    """

    tensors: tuple[Tensor, ...]
    steps: tuple[Step, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    names: Mapping[int, str]
    constants: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    def ends(self, indices: tuple[int, ...]) -> tuple[Tensor, ...]:
        """Give these tensors under their names in the signature."""
        return tuple(
            replace(self.tensors[index], name=self.names.get(index, self.tensors[index].name))
            for index in indices
        )
