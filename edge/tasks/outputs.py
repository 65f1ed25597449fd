"""A model's outputs for a picture."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import ModelError
from ..runtime.model import Model
from ..runtime.tensors import Array
from .picture import Picture, prepare


def outputs_for(model: Model, image: Picture) -> dict[str, Array]:
    """Give a picture to a model and return its outputs by name.

    Raises:
        ModelError: If the model takes something else than one picture.
        ValueError: If the image is no picture.
    """
    if len(model.inputs) != 1:
        raise ModelError(f"The model takes more than a picture: {[s.name for s in model.inputs]}")
    return model.run(prepare(image, model.inputs[0], model.metadata))


def only(outputs: dict[str, Array]) -> Array:
    """Give the only output.

    Raises:
        ModelError: If there are several.
    """
    if len(outputs) != 1:
        raise ModelError(f"The model must have one output. Received: {sorted(outputs)}")
    return next(iter(outputs.values()))


def labels_for(labels: Sequence[str], count: int) -> Sequence[str]:
    """Give the name of each of some outputs: its index as text when the model names none.

    Raises:
        ModelError: If the model names not as many.
    """
    if labels and len(labels) != count:
        raise ModelError(f"Each score has a label. Received: {count}, {len(labels)} labels")
    return labels or tuple(map(str, range(count)))
