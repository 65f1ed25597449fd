"""Recurrent layers with every step in the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import layers, ops

from .cells import Cell, Tensors, is_cell

Call = Callable[..., Any]
_MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "concat": lambda one, two: ops.concatenate([one, two], axis=-1),
    "sum": ops.add,
    "mul": ops.multiply,
    "ave": lambda one, two: ops.multiply(ops.add(one, two), 0.5),
}


def one_step(cell: Any) -> Call | None:
    """Give the equal form of a cell that is called by itself."""
    if not is_cell(cell):
        return None
    parts = Cell(cell)

    def call(x: Any, states: Any, **options: Any) -> Any:
        nested = isinstance(states, list | tuple)
        output, after = parts.step(parts.project(x), list(states) if nested else [states])
        return output, after if nested else after[0]

    return call


def sequence(layer: Any) -> Call | None:
    """Give the equal form of a recurrent layer.

    Returns:
        A function of the input; None for a layer that keeps its state, or of another cell.
    """
    run = _steps(layer, layer.name)
    if run is None:
        return None

    def call(x: Any, initial_state: Any = None, **options: Any) -> Any:
        if not _is_plain(x, options):
            return None
        before = [None, None] if initial_state is None else initial_state
        outputs, states = run(x, list(before) if isinstance(before, list | tuple) else [before])
        output = _joined(outputs) if layer.return_sequences else outputs[-1]
        return [output, *states] if layer.return_state else output

    return call


def bidirectional(layer: layers.Bidirectional) -> Call | None:
    """Give the equal form of two recurrent layers that read their input from both ends."""
    merge = _MERGES.get(layer.merge_mode)
    there = _steps(layer.forward_layer, f"{layer.name}.forward")
    back = _steps(layer.backward_layer, f"{layer.name}.backward")
    if merge is None or there is None or back is None or layer.return_state:
        return None

    def call(x: Any, **options: Any) -> Any:
        if not _is_plain(x, options) or options.get("initial_state") is not None:
            return None
        one, two = (run(x, [None, None])[0] for run in (there, back))
        if not layer.return_sequences:
            return merge(one[-1], two[-1])
        return merge(_joined(one), _joined(two[::-1]))

    return call


def _steps(layer: Any, name: str) -> Callable[[Any, Tensors], tuple[Tensors, Tensors]] | None:
    if layer.stateful or not is_cell(layer.cell):
        return None
    layer.cell.name = name  # what the parts are named after
    parts = Cell(layer.cell)

    def run(x: Any, states: Tensors) -> tuple[Tensors, Tensors]:
        projected = parts.project(x)
        places = range(x.shape[1])
        outputs = []
        for place in reversed(places) if layer.go_backwards else places:
            output, states = parts.step([gate[:, place] for gate in projected], states)
            outputs.append(output)
        return outputs, states

    return run


def _is_plain(x: Any, options: dict[str, Any]) -> bool:
    """Whether the number of steps is known, and none is masked."""
    return x.shape[1] is not None and options.get("mask") is None


def _joined(outputs: Tensors) -> Any:
    outputs = [ops.expand_dims(output, 1) for output in outputs]
    return ops.concatenate(outputs, axis=1) if len(outputs) > 1 else outputs[0]
