"""Reads and rebuilds the graph of a functional model, by way of Keras's own cloning."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

# Given the place of a step, its operation, and its arguments: what the step gives.
Apply = Callable[[int, keras.Operation, tuple[Any, ...], dict[str, Any]], Any]

_NUMBER = re.compile(r"_\d+$")  # Keras counts the operations of a kind


@dataclass(frozen=True)
class Step:
    """One call of a layer or of an operation of `keras.ops`.

    Args:
        operation: The layer or operation.
        sources: Numbers of the tensors that it takes.
        results: Numbers of the tensors that it gives.
    """

    operation: keras.Operation
    sources: tuple[int, ...]
    results: tuple[int, ...]


@dataclass(frozen=True)
class Graph:
    """The steps of a model in the order they run.

    Args:
        steps: The calls.
        inputs: Numbers of the model's inputs.
        outputs: Numbers of the model's outputs.
    """

    steps: tuple[Step, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def consumers(self, tensor: int) -> list[Step]:
        """List the steps that take a tensor."""
        return [step for step in self.steps if tensor in step.sources]

    def producer(self, tensor: int) -> Step | None:
        """Find the step that gives a tensor; None for an input of the model."""
        return next((step for step in self.steps if tensor in step.results), None)

    def only_consumer(self, step: Step) -> Step | None:
        """Find the step that alone takes all that a step gives, if there is one."""
        takers = [taker for result in step.results for taker in self.consumers(result)]
        seen_outside = set(step.results) & set(self.outputs)
        return takers[0] if len(takers) == 1 and not seen_outside else None


def as_functional(model: keras.Model) -> keras.Model:
    """Give a plain functional model over the same layers.

    Raises:
        ValueError: If the model is subclassed, so that its graph cannot be known.
    """
    if isinstance(model, keras.Sequential):
        return keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    try:
        return keras.Model(model.input, model.output, name=model.name)
    except AttributeError:
        raise ValueError(
            "The model must be functional or sequential, so that its graph is known: wrap the "
            "layers with keras.Model(inputs, outputs). "
            f"Received: model={model.name} of class {type(model).__name__}"
        ) from None


def rebuild(model: keras.Model, apply: Apply) -> keras.Model:
    """Build a model anew over the same layers, with a say in each step.

    Args:
        model: A functional model.
        apply: Called for each step in the order of `read`; `operation(*args, **kwargs)` leaves the
            step as it is.
    """
    places = itertools.count()

    def call(operation: keras.Operation, *args: Any, **kwargs: Any) -> Any:
        return apply(next(places), operation, args, kwargs)

    return keras.models.clone_model(
        model, clone_function=lambda operation: operation, call_function=call
    )


def name_after(name: str, inputs: Any, outputs: Any, names: set[str]) -> None:
    """Name the operations of `keras.ops` between tensors after the layer that they belong to.

    Args:
        name: Name of the layer; `name.add` stands for its first addition.
        inputs: Nested tensors that the operations begin with; the rest is passed over.
        outputs: Nested tensors that they end in.
        names: What is taken already; grows.
    """
    begin, end = (
        [value for value in keras.tree.flatten(each) if isinstance(value, keras.KerasTensor)]
        for each in (inputs, outputs)
    )
    for operation in keras.Function(begin, end).operations:
        if not isinstance(operation, keras.layers.Layer) and "." not in operation.name:
            label = _NUMBER.sub("", operation.name)
            operation.name = unique(f"{name}.{label}", names)


def unique(name: str, names: set[str]) -> str:
    """Give a name that is not taken yet, and take it."""
    number = 1
    candidate = name
    while candidate in names:
        number += 1
        candidate = f"{name}{number}"
    names.add(candidate)
    return candidate


def read(model: keras.Model) -> Graph:
    """List the steps of a functional model and the tensors between them."""
    numbers: dict[int, int] = {}
    kept = []
    steps = []

    def number(tensors: Any) -> tuple[int, ...]:
        found = [t for t in keras.tree.flatten(tensors) if isinstance(t, keras.KerasTensor)]
        kept.extend(found)  # an id is reused once its tensor is gone
        return tuple(numbers.setdefault(id(tensor), len(numbers)) for tensor in found)

    def record(
        place: int, operation: keras.Operation, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        del place
        outputs = operation(*args, **kwargs)
        steps.append(Step(operation, number((args, kwargs)), number(outputs)))
        return outputs

    again = rebuild(model, record)
    return Graph(tuple(steps), number(again.inputs), number(again.outputs))
