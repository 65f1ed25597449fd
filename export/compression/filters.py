"""Which filters can be cut out of a model, and what has to go with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from ..graphs.flatten import flatten
from ..graphs.primitives import split
from ..tree import walk
from .channels import Channels, read_channels
from .kernels import Kernel

_TYING = ("moving", "padding", "pointwise")


def filter_groups(
    model: keras.Model, chosen: Sequence[Kernel]
) -> list[tuple[list[Kernel], list[Any]]]:
    """Group kernels whose filters can only be cut out together.

    An addition or a product ties the channels of its operands. The outputs of the model, and what
    goes into layers that may need every channel, are in no group.

    Args:
        model: A functional or sequential model.
        chosen: The kernels that may be pruned.

    Returns:
        For each group its kernels, and the vectors by channel that make a filter's result zero:
        biases, factors and offsets of the normalisations.

    Raises:
        ValueError: If the model's graph is not known, or no filters can be cut out.
    """
    channels = read_channels(split(flatten(model)))
    tied = _tied(channels)
    originals = _by_flat_name(model)
    kernels = {id(kernel.layer): kernel for kernel in chosen}
    members: dict[int, list[Any]] = defaultdict(list)
    fixed = {tied[tensor] for tensor in (*channels.graph.inputs, *channels.graph.outputs)}
    for step, role in zip(channels.graph.steps, channels.roles, strict=True):
        if role == "opaque":
            fixed |= {tied[tensor] for tensor in (*step.sources, *step.results)}
        if role == "mixing" and id(originals.get(step.operation.name)) not in kernels:
            fixed |= {tied[tensor] for tensor in step.results}
        members[tied[step.results[0]]].append(originals.get(step.operation.name))
    groups = []
    for group, layers in members.items():
        unique = list({id(layer): layer for layer in layers if layer is not None}.values())
        scored = [kernels[id(layer)] for layer in unique if id(layer) in kernels]
        if scored and group not in fixed:
            groups.append((scored, [v for layer in unique for v in _vectors(layer)]))
    if not groups:
        raise ValueError(
            "There are no filters that can be cut out: the model needs convolutions or dense "
            f"layers before its last one. Received: model={model.name}"
        )
    return groups


def _by_flat_name(model: keras.Model) -> dict[str, Any]:
    named = {path.replace("/", "."): layer for path, layer in walk(model)}
    separable = {
        f"{name}.pointwise": layer
        for name, layer in named.items()
        if isinstance(layer, keras.layers.SeparableConv2D)
    }
    return named | separable


def _vectors(layer: Any) -> Iterator[Any]:
    if isinstance(layer, keras.layers.BatchNormalization):
        yield from (v for v in (layer.gamma, layer.beta) if v is not None)
    elif getattr(layer, "bias", None) is not None:
        yield layer.bias


def _tied(channels: Channels) -> dict[int, int]:
    """Number the sets of tensors that have the same channels."""
    sets = {tensor: tensor for tensor in channels.shapes}
    for step, role in zip(channels.graph.steps, channels.roles, strict=True):
        ends = (*step.sources, *step.results)
        same = len({channels.size(tensor) for tensor in ends}) == 1
        if role in _TYING or (role == "depthwise" and same):
            joined = {sets[tensor] for tensor in ends}
            sets = {tensor: min(joined) if s in joined else s for tensor, s in sets.items()}
    return sets
