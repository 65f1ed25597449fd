"""What a model becomes as a graph, whoever reads it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from .conversion.diagnosis import first_line
from .errors import ExportError
from .model import name_outputs, ports

ENDPOINT = "serve"


def run(model: keras.Model, tensors: Sequence[Any]) -> dict[str, Any]:
    """Give the outputs of a model by name, for tensors in the order of its inputs."""
    return name_outputs(model, model(ports(model).pack(tensors), training=False))


def signature(model: keras.Model, batch: int | None) -> list[tf.TensorSpec]:
    """Describe what a model takes, with a size of the batch where it has none itself."""
    return [
        tf.TensorSpec((port.shape[0] or batch, *port.shape[1:]), port.dtype, name=port.name)
        for port in ports(model).inputs
    ]


@contextlib.contextmanager
def naming(model: keras.Model) -> Iterator[None]:
    """Say of what fails in the call of a layer whose it is."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # the call of a layer may raise anything
        raise ExportError(
            f"The call of {model.name} can't be traced to a graph: keep to keras.ops and known "
            f"shapes in its layers. Received: {first_line(str(error))}"
        ) from error
