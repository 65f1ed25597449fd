"""Scores as probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ..runtime.tensors import Array


def sigmoid(logits: Array) -> Array:
    """Map logits to probabilities that don't compete, float64."""
    # 1 / (1 + exp(-x)) would overflow for large negative logits.
    half: Array = np.tanh(logits.astype(np.float64) / 2) / 2
    return half + 0.5


def softmax(logits: Array) -> Array:
    """Map logits (..., classes) to probabilities that sum to 1, float64."""
    return np.exp(log_softmax(logits))


def log_softmax(logits: Array) -> Array:
    """Map logits (..., classes) to log-probabilities, nats, float64; they map to themselves."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    exact: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return exact


def log_probabilities(name: str, values: Array) -> Array:
    """Read an output as log-probabilities.

    Args:
        name: Name of the output: `probabilities` are taken as such, all others as logits or
            log-probabilities.
        values: Shape (..., classes).

    Returns:
        Nats, float64, of the same shape; -inf where a probability is 0.
    """
    if name != "probabilities":
        return log_softmax(values)
    with np.errstate(divide="ignore"):
        logs: Array = np.log(values.astype(np.float64).clip(0, 1))
    return logs


ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = {
    "none": lambda scores: scores.astype(np.float64),
    "sigmoid": sigmoid,
    "softmax": softmax,
}
