"""Every tensor that a file computes, and the Keras layer that each one is the result of."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..file.flatbuffer import read_graphs
from ..file.graph import Graph, Step, Tensor
from ..file.naming import layer_of

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Result:
    """The tensor that holds the result of a layer: its index, the step that writes it."""

    index: int
    step: Step


class Tensors:
    """Runs a file and keeps every tensor.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        litert = import_module("ai_edge_litert.interpreter")
        self.graph: Graph = read_graphs(path)[0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # says that keeping all tensors takes memory
            self._interpreter = litert.Interpreter(
                str(path),
                # A delegate keeps what lies inside it to itself.
                experimental_op_resolver_type=litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
                experimental_preserve_all_tensors=True,
            )
            self._interpreter.allocate_tensors()

    def run(self, row: Mapping[str, Array]) -> None:
        """Run one batch, by input name."""
        ends = self.graph.ends(self.graph.inputs)
        for index, end in zip(self.graph.inputs, ends, strict=True):
            self._interpreter.set_tensor(index, _to_integers(row[end.name], end))
        self._interpreter.invoke()

    def values(self, index: int) -> Array:
        """Give a tensor of the last run in real numbers."""
        tensor = self.graph.tensors[index]
        values = np.asarray(self._interpreter.get_tensor(index), "float64")
        if tensor.floating or not tensor.scale:
            return values
        return (values - tensor.zero_point) * tensor.scale


def results(
    graph: Graph,
    found: list[list[str]],
    names: Collection[str],
    relus: Mapping[str, str],
) -> dict[str, Result]:
    """Find the tensor that holds the result of each layer.

    Args:
        graph: The graph of the file.
        found: The layers behind each step.
        names: Names of the layers of the flat model to look for.
        relus: The ReLU behind each layer whose result it alone takes.
    """
    seen = {name for label in found for name in label}
    last = {}
    for step, label in zip(graph.steps, found, strict=True):
        known = [name for name in label if name in names]
        if known:
            name = known[-1]
            # A ReLU without a trace is in the range of the tensor, which starts at 0.
            hidden = relus.get(name, name)
            # The last of a layer's operators gives out what the layer gives.
            last[name if hidden in seen or hidden not in names else hidden] = step
    makers = {step.outputs[0]: step for step in graph.steps}
    for name, step in last.items():
        if step.name == "DEQUANTIZE":  # a float end; what it hands on is the layer's
            last[name] = makers.get(step.inputs[0], step)
    return {name: Result(step.outputs[0], step) for name, step in last.items()}


def labels(graph: Graph, paths: Collection[str], outputs: Mapping[str, str]) -> list[list[str]]:
    """Name the layers behind each step of a file, the last one last."""
    ends = dict(zip(graph.outputs, graph.ends(graph.outputs), strict=True))
    return [
        [outputs.get(ends[step.outputs[0]].name, "")]  # the converter names outputs anew
        if step.outputs[0] in ends
        else layer_of(graph, step, paths).replace("/", ".").split(" + ")
        for step in graph.steps
    ]


def limits(tensor: Tensor) -> tuple[float, float] | None:
    """Give the range of real numbers that a quantized tensor can hold."""
    if tensor.floating or not tensor.scale:
        return None
    ends = np.iinfo(tensor.dtype)
    low, high = (float((end - tensor.zero_point) * tensor.scale) for end in (ends.min, ends.max))
    return low, high


def _to_integers(values: Array, tensor: Tensor) -> Array:
    if tensor.floating or not tensor.scale:
        return values.astype(tensor.dtype)
    ends = np.iinfo(tensor.dtype)
    steps = np.round(values / tensor.scale) + tensor.zero_point
    return np.clip(steps, ends.min, ends.max).astype(tensor.dtype)
