"""Models as the TFLite converter reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from ..errors import ExportError
from ..tracing import ENDPOINT, naming, run, signature

_MOST = 2**31 - 2**20  # bytes: of a graph, and of a TFLite file


def freeze(
    model: keras.Model,
    directory: Path,
    *,
    batch: int,
    outputs: Sequence[str] | None = None,
) -> None:
    """Write a model as a SavedModel whose weights are constants, as the TFLite converter reads it.

    It takes a fraction of the time that variables take, which must be found, saved and restored.

    Args:
        model: A built Keras model.
        directory: Folder to write into.
        batch: Size of the batch, where the model does not fix it.
        outputs: Names of the outputs; those that the model gives them when None.

    Raises:
        ExportError: If the model can't be traced, is too large, or changes a weight.
    """
    weights = [(one, ops.convert_to_numpy(one)) for one in model.variables]
    size = sum(value.nbytes for _, value in weights)
    if size >= _MOST:
        raise ExportError(
            "A TFLite file holds less than 2 GB. "
            f"Received: {model.name} with {size} bytes of weights"
        )

    changed: set[str] = set()

    def call(*tensors: Any) -> dict[str, Any]:
        # By its name an operator is found again that has none itself.
        constants = [(one, tf.constant(value, name=_name(model, one))) for one, value in weights]
        with keras.StatelessScope(state_mapping=constants) as scope:
            named = run(model, tensors)
        changed.update(
            one.path for one, value in constants if scope.get_current_value(one) is not value
        )
        return named if outputs is None else dict(zip(outputs, named.values(), strict=True))

    function = tf.function(call, input_signature=signature(model, batch), autograph=False)
    with naming(model):
        traced = function.get_concrete_function()
        module = tf.Module()
        module.others = list(traced.graph.variables)  # those that Keras does not know of
        tf.saved_model.save(module, str(directory), {ENDPOINT: traced})
    if changed:
        raise ExportError(
            "A file must keep no state between runs: make the state an input and an output. "
            f"Received: {model.name}, whose call changes {', '.join(sorted(changed))}"
        )


def _name(model: keras.Model, weight: keras.Variable) -> str:
    """Give the path of a weight below the model, in the letters that a graph takes."""
    path = weight.path.removeprefix(f"{model.name}/")
    return f"{ENDPOINT}/{re.sub(r'[^A-Za-z0-9_./-]', '_', path)}"
