"""The weights of each layer in a model or a file: how many are zero, how many are different."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..file.flatbuffer import read_graphs, schema
from ..file.naming import layer_of

# Operators with a kernel, and where in it the output channels lie.
_OUTPUTS = {
    "CONV_2D": 0,
    "CONV_3D": -1,
    "DEPTHWISE_CONV_2D": -1,
    "FULLY_CONNECTED": 0,
    "TRANSPOSE_CONV": 0,
}
_READABLE = ("float32", "float16", "int8", "uint8")


@dataclass(frozen=True)
class LayerWeights:
    """What the kernel of one layer is made of.

    Args:
        layer: Path of the layer, or the name of the tensor where it is not known.
        shape: Shape of the kernel.
        dtype: Its element type.
        sparsity: Fraction of zeros.
        unique: Number of different values.
        dead: Number of output channels that are zero throughout.
    """

    layer: str
    shape: tuple[int, ...]
    dtype: str
    sparsity: float
    unique: int
    dead: int


def tally(layer: str, kernel: npt.NDArray[Any], outputs: int | None, zero: int = 0) -> LayerWeights:
    """Count the values of a kernel.

    Args:
        layer: Path of the layer.
        kernel: The kernel.
        outputs: The axis of its output channels; None where it is not known.
        zero: The number that stands for zero.
    """
    zeros = kernel == zero
    axis = None if outputs is None else outputs % kernel.ndim
    others = tuple(place for place in range(kernel.ndim) if place != axis)
    return LayerWeights(
        layer,
        tuple(kernel.shape),
        str(kernel.dtype),
        float(zeros.mean()),
        int(np.unique(kernel).size),
        0 if axis is None else int(zeros.all(axis=others).sum()),
    )


def tally_file(path: Path) -> Iterator[LayerWeights]:
    """Count the values of each kernel of a `.tflite` file.

    Raises:
        FileNotFoundError: If there is no such file.
        kerascnn.edge.ModelError: If the file isn't a TFLite model, or is damaged.
    """
    graph = read_graphs(path)[0]  # checks the file
    model = schema().ModelT.InitFromObj(schema().Model.GetRootAs(bytearray(path.read_bytes()), 0))
    for step in graph.steps:
        if step.name not in _OUTPUTS:
            continue
        tensor = graph.tensors[step.inputs[1]]
        data = model.buffers[model.subgraphs[0].tensors[step.inputs[1]].buffer].data
        if data is None or not len(data) or tensor.dtype not in _READABLE:
            continue
        kernel = np.frombuffer(bytes(data), tensor.dtype).reshape(tensor.shape)
        yield tally(
            layer_of(graph, step, ()) or tensor.name,
            kernel,
            _OUTPUTS[step.name],
            tensor.zero_point,
        )
