"""The cells of recurrent layers: a dense layer a gate, and what a step does with the gates.

The layers of one cell serve every step, so the weights stay shared. States are None before the
first step, which stands for zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from keras import layers, ops

from ..graphs.own_weights import as_layer
from .parts import dense

Tensors = list[Any]
# Given the input of each gate and the states: the output and the states of one step.
Step = Callable[[Tensors, Tensors], tuple[Any, Tensors]]


class Cell:
    """One step of a recurrent layer over layers of its own.

    Args:
        cell: An LSTM, GRU or simple cell of Keras.
    """

    def __init__(self, cell: Any) -> None:
        gates, make = _CELLS[type(cell)]
        kernel = _split(cell.kernel, len(gates))
        bias: Any = [None] * len(gates)
        if cell.use_bias:
            rows = np.atleast_2d(np.array(cell.bias))
            # The recurrent bias of the candidate of a GRU waits for its gate; see _gru.
            together = rows.sum(0) if len(rows) == 1 else rows[0] + _without_candidate(rows[1])
            bias = _split(together, len(gates))
        self.inputs = [
            dense(cell, f"input_{gate}", *own)
            for gate, *own in zip(gates, kernel, bias, strict=True)
        ]
        recurrent = zip(gates, _split(cell.recurrent_kernel, len(gates)), strict=True)
        self.step = make(cell, [dense(cell, f"state_{gate}", own) for gate, own in recurrent])

    def project(self, x: Any) -> Tensors:
        """Multiply the input, of one step or of all, by the kernel of each gate."""
        return [layer(x) for layer in self.inputs]


def is_cell(cell: Any) -> bool:
    """Whether a cell is of a kind that can be written as its gates."""
    return type(cell) in _CELLS and not (cell.dropout or cell.recurrent_dropout)


def _split(weights: Any, count: int) -> Tensors:
    return list(np.split(np.array(weights), count, axis=-1))


def _without_candidate(bias: Any) -> Any:
    return np.concatenate([bias[: -len(bias) // 3], np.zeros_like(bias[-len(bias) // 3 :])])


def _summed(gates: Tensors, states: Tensors, state: Any) -> Iterator[Any]:
    """Add to the input of each gate what the state gives it."""
    for gate, layer in zip(gates, states, strict=True):
        yield gate if state is None else ops.add(gate, layer(state))


def _simple(cell: Any, states: Tensors) -> Step:
    def step(gates: Tensors, before: Tensors) -> tuple[Any, Tensors]:
        (total,) = _summed(gates, states, before[0])
        output = cell.activation(total)
        return output, [output]

    return step


def _lstm(cell: Any, states: Tensors) -> Step:
    def step(gates: Tensors, before: Tensors) -> tuple[Any, Tensors]:
        state, carry = before
        enter, keep, candidate, leave = _summed(gates, states, state)
        added = ops.multiply(cell.recurrent_activation(enter), cell.activation(candidate))
        if carry is not None:
            added = ops.add(ops.multiply(cell.recurrent_activation(keep), carry), added)
        output = ops.multiply(cell.recurrent_activation(leave), cell.activation(added))
        return output, [output, added]

    return step


def _gru(cell: Any, states: Tensors) -> Step:
    own = None
    if cell.use_bias and cell.reset_after:
        own = as_layer(cell, {"candidate": _split(cell.bias, 3)[2][1]})

    def step(gates: Tensors, before: Tensors) -> tuple[Any, Tensors]:
        state = before[0]
        update, reset = map(cell.recurrent_activation, _summed(gates[:2], states[:2], state))
        candidate = gates[2]
        if cell.reset_after:
            inner = None if state is None else states[2](state)
            if own is not None:
                (bias,) = own(candidate)
                inner = bias if inner is None else ops.add(inner, bias)
            if inner is not None:
                candidate = ops.add(candidate, ops.multiply(reset, inner))
        elif state is not None:
            candidate = ops.add(candidate, states[2](ops.multiply(reset, state)))
        output = ops.multiply(ops.subtract(1.0, update), cell.activation(candidate))
        if state is not None:
            output = ops.add(ops.multiply(update, state), output)
        return output, [output]

    return step


# The gates of each cell in the order of its kernel.
_CELLS: dict[type, tuple[str, Callable[[Any, Tensors], Step]]] = {
    layers.GRUCell: ("zrh", _gru),
    layers.LSTMCell: ("ifco", _lstm),
    layers.SimpleRNNCell: ("h", _simple),
}
