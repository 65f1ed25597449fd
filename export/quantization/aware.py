"""Quantization-aware training: the model that trains rounds as the int8 file will."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import keras

from ..graphs.flatten import flatten
from ..graphs.fold import fold
from ..graphs.graph import Graph, as_functional, read, rebuild, unique
from ..graphs.kernels import has_kernel
from ..graphs.primitives import split
from .choice import choose
from .fake import FakeQuantize, FakeQuantizedKernel
from .placement import fixed_range, is_known, must_be_positive, ranges
from .tfmot import kernel_quantizer, range_quantizer


def quantize_aware(
    model: keras.Model,
    *,
    skip: Collection[str] = (),
    only: Collection[str] = ("*",),
    weights: Any = None,
    activations: Any = None,
) -> keras.Model:
    """Copy a model as one that rounds in training as its int8 file will.

    The copy is flat: composite layers are opened, batch normalisation is folded into the layers
    before it with its moving statistics, and stays so. Kernels round to int8 with one scale a
    channel (dense ones with one in all); results round where TFLite gives them a range, which
    follows the batches of the training. Layers of many operators, such as attention, are opened
    too, recurrent ones step by step. The copy of a model that is frozen as a whole, as the average
    of another is, learns all the same. Compile the copy and fit it for a few epochs with a small
    step size; `to_tflite(..., quantize="int8")` then takes its ranges and needs no calibration.

    Args:
        model: A trained functional or sequential Keras 3 model.
        skip: Names or patterns (`*`, `?`) of layers to leave in float, as `flatten` names them; the
            name of a layer stands for all inside it as well.
        only: Names or patterns of the layers to quantize; the others stay in float.
        weights: A quantizer of tensorflow-model-optimization to round kernels by.
        activations: One to round results by. Both need training to find their ranges.

    Returns:
        A functional model with the same inputs and outputs.

    Raises:
        ValueError: If the model is subclassed, a name is of no layer, or a quantizer
            does not fit int8.

    Example:
        >>> qat = kerascnn.export.quantize_aware(model)  # doctest: +SKIP
        >>> qat.compile(keras.optimizers.Adam(1e-4), loss=kerascnn.losses.Triplet())
        >>> qat.fit(images, labels, epochs=2)

    Reference:
        https://arxiv.org/abs/1712.05877
    """
    names, flat = as_functional(model).output_names, flatten(model)
    options = {"skip": skip, "only": only, "weights": weights, "activations": activations}
    for layer in flat.layers if not model.trainable_weights else ():
        layer.trainable = True
    return round_flat(flat, names, **options)


def round_flat(
    flat: keras.Model,
    names: Sequence[str],
    *,
    skip: Collection[str] = (),
    only: Collection[str] = ("*",),
    weights: Any = None,
    activations: Any = None,
) -> keras.Model:
    """Do what `quantize_aware` does, with a model from `flatten`, which is used up."""
    makers = kernel_quantizer(weights), range_quantizer(activations)
    graph = read(flat := fold(split(flat)))
    chosen = choose([step.operation.name for step in graph.steps], skip, only)
    unknown = {
        step.operation.name
        for place, step in enumerate(graph.steps)
        if place in chosen and not is_known(step.operation)
    }
    if unknown:
        warnings.warn(
            "It is not known how these layers compute in int8, so they stay in float inside. "
            f"Received: {', '.join(sorted(unknown))}",
            stacklevel=3,
        )
    labels = dict(zip(graph.outputs, names, strict=True))
    return rebuild(flat, _rounding(graph, chosen, ranges(graph) & chosen, labels, *makers))


def _rounding(
    graph: Graph,
    chosen: set[int],
    ranged: set[int],
    labels: dict[int, str],
    rounded_kernel: Callable[..., FakeQuantizedKernel],
    rounded: Callable[..., FakeQuantize],
) -> Callable[..., Any]:
    kernels: dict[int, FakeQuantizedKernel] = {}
    inputs: dict[int, Any] = {}
    names: set[str] = set()

    def ranged_input(number: int, tensor: Any) -> Any:
        if number not in graph.inputs or "float" not in tensor.dtype:
            return tensor
        if number not in inputs:
            inputs[number] = rounded(name=unique(f"{tensor.name}.range", names))(tensor)
        return inputs[number]

    def apply(place: int, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        numbers = iter(graph.steps[place].sources)
        args, kwargs = keras.tree.map_structure(
            lambda value: (
                ranged_input(next(numbers), value)
                if isinstance(value, keras.KerasTensor)
                else value
            ),
            (args, kwargs),
        )
        if place in chosen and has_kernel(operation):
            name = f"{operation.name}.rounded"
            operation = kernels.setdefault(id(operation), rounded_kernel(operation, name=name))
        outputs = operation(*args, **kwargs)
        step = graph.steps[place]
        label = labels.get(step.results[0], step.operation.name)
        if place in ranged:
            make = partial(rounded, positive=must_be_positive(graph, step))
        elif place in chosen and fixed_range(operation) and set(step.results) - set(graph.outputs):
            # What the model gives stays as it is: a loss must tell 0 from almost 0.
            make = partial(FakeQuantize, fixed=fixed_range(operation))
        else:
            return outputs
        return keras.tree.map_structure(
            lambda tensor: (
                make(name=unique(f"{label}.range", names))(tensor)
                if "float" in tensor.dtype
                else tensor
            ),
            outputs,
        )

    return apply
