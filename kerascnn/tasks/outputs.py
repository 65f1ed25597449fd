"""Brings what a runtime gives into one form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def single(outputs: Any, examples: Mapping[str, np.ndarray]) -> np.ndarray:
    """Give the only output of a model.

    Args:
        outputs: An array, or a dict or a list of one.
        examples: The examples that the outputs are for.

    Returns:
        float32, one row an example.

    Raises:
        ValueError: If there are several outputs, or not one row an example.
    """
    if isinstance(outputs, Mapping):
        outputs = list(outputs.values())
    if isinstance(outputs, (list, tuple)):
        if len(outputs) != 1:
            raise ValueError(f"The model must have one output. Received: {len(outputs)} outputs")
        outputs = outputs[0]
    return rows(outputs, examples)


def rows(output: Any, examples: Mapping[str, np.ndarray]) -> np.ndarray:
    """Give an output as float32, checked to have one row an example.

    Raises:
        ValueError: If it has not, or is not finite.
    """
    output = np.asarray(output, np.float32)
    count = len(next(iter(examples.values())))
    if output.ndim == 0 or len(output) != count:
        raise ValueError(
            f"There must be one output for each of the {count} examples. "
            f"Received: outputs of shape {output.shape}"
        )
    if not np.isfinite(output).all():
        raise ValueError("Outputs must be finite. Received: NaN or infinity; was it trained?")
    return output
