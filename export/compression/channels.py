"""How the channels that a layer gives depend on the channels that it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from ..graphs.graph import Graph, Step, read, rebuild

Shape = tuple[int | None, ...]
# Every channel that comes out is a mixture of all that go in.
MIXING = (
    layers.Conv1D,
    layers.Conv2D,
    layers.Conv3D,
    layers.Conv1DTranspose,
    layers.Conv2DTranspose,
    layers.Conv3DTranspose,
    layers.Dense,
)
DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)
# A channel comes out as it went in, at other places.
MOVING = (
    layers.AveragePooling1D,
    layers.AveragePooling2D,
    layers.Cropping1D,
    layers.Cropping2D,
    layers.Dropout,
    layers.GlobalAveragePooling1D,
    layers.GlobalAveragePooling2D,
    layers.GlobalMaxPooling1D,
    layers.GlobalMaxPooling2D,
    layers.Identity,
    layers.MaxPooling1D,
    layers.MaxPooling2D,
    layers.Reshape,
    layers.Resizing,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
    layers.UpSampling1D,
    layers.UpSampling2D,
)
PADDING = (layers.ZeroPadding1D, layers.ZeroPadding2D)
# A number comes out that depends on the number, or numbers, at the same place.
_POINTWISE = (
    layers.Activation,
    layers.Add,
    layers.Average,
    layers.BatchNormalization,
    layers.ELU,
    layers.LeakyReLU,
    layers.Maximum,
    layers.Minimum,
    layers.Multiply,
    layers.PReLU,
    layers.ReLU,
    layers.Subtract,
)
_POINTWISE_OPERATIONS = {
    *("Add", "Maximum", "Minimum", "Multiply", "Subtract", "Tanh"),
    *("Elu", "Gelu", "HardSigmoid", "HardSilu", "LeakyRelu", "Relu", "Relu6", "Sigmoid", "Silu"),
}


@dataclass(frozen=True)
class Channels:
    """A flat graph with the shapes of its tensors and the role of each step.

    Args:
        graph: The steps.
        shapes: Shape of each tensor, by its number.
        roles: For each step one of `mixing`, `depthwise`, `moving`, `padding`, `pointwise`,
            `concatenation`, `flattening`, and `opaque` for what may need every channel.
    """

    graph: Graph
    shapes: dict[int, Shape]
    roles: tuple[str, ...]

    def size(self, tensor: int) -> int:
        """Count the channels of a tensor."""
        shape = self.shapes[tensor]
        return shape[-1] or 1 if len(shape) > 1 else 1


def read_channels(model: keras.Model) -> Channels:
    """Read the graph of a flat functional model."""
    graph = read(model)
    shapes: dict[int, Shape] = {}
    roles = []

    def record(place: int, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        outputs = operation(*args, **kwargs)
        step = graph.steps[place]
        shapes.update(zip(step.sources, _shapes((args, kwargs)), strict=True))
        shapes.update(zip(step.results, _shapes(outputs), strict=True))
        roles.append(_role(step, (args, kwargs), shapes))
        return outputs

    again = rebuild(model, record)
    shapes.update(zip(graph.inputs, _shapes(again.inputs), strict=True))
    return Channels(graph, shapes, tuple(roles))


def _shapes(tensors: Any) -> list[Shape]:
    flat = keras.tree.flatten(tensors)
    return [tuple(tensor.shape) for tensor in flat if isinstance(tensor, keras.KerasTensor)]


def _role(step: Step, arguments: Any, shapes: dict[int, Shape]) -> str:
    operation = step.operation
    ends = [shapes[tensor] for tensor in (*step.sources, *step.results)]
    if any(len(shape) < 2 or shape[-1] is None for shape in ends) or not _is_last(
        operation, len(ends[0])
    ):
        return "opaque"
    if isinstance(operation, MIXING):
        return "mixing" if getattr(operation, "groups", 1) == 1 else "opaque"
    if isinstance(operation, DEPTHWISE):
        return "depthwise"
    if isinstance(operation, layers.Concatenate) or type(operation).__name__ == "Concatenate":
        return "concatenation" if operation.axis in (-1, len(ends[0]) - 1) else "opaque"
    if isinstance(operation, layers.Flatten):
        return "flattening" if None not in ends[0][1:] else "opaque"
    if len({shape[-1] for shape in ends}) > 1 or _has_array(arguments):
        return "opaque"
    if isinstance(operation, MOVING) and not getattr(operation, "pad_to_aspect_ratio", False):
        return "moving"
    if isinstance(operation, PADDING):
        return "padding"
    if getattr(operation, "activation", None) is keras.activations.softmax:
        return "opaque"
    if isinstance(operation, _POINTWISE) or type(operation).__name__ in _POINTWISE_OPERATIONS:
        return "pointwise"
    return "opaque"


def _is_last(operation: Any, rank: int) -> bool:
    if isinstance(operation, layers.BatchNormalization):
        return operation.axis in (-1, rank - 1)
    return bool(getattr(operation, "data_format", "") != "channels_first")


def _has_array(arguments: Any) -> bool:
    flat = keras.tree.flatten(arguments)
    return any(not isinstance(value, keras.KerasTensor) and np.size(value) > 1 for value in flat)
