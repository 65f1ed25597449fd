"""Refuses models whose shapes are not those of the data."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from kerascnn.data import Dataset


def check_images(what: str, shape: Sequence[int | None], dataset: Dataset) -> None:
    """Refuse a shape that is not that of the images, or of the sounds.

    Raises:
        ValueError: If a side differs and is not None, which stands for any.
    """
    sides = zip(shape, dataset.shape, strict=False)
    if len(shape) != len(dataset.shape) or any(
        side not in (None, length) for side, length in sides
    ):
        raise ValueError(
            f"{what} must have the shape of the data; build the model with "
            f"input_shape={dataset.shape}. Received: {tuple(shape)}"
        )


def check_classes(model: keras.Model, dataset: Dataset, argument: str = "num_classes") -> None:
    """Refuse a model with fewer outputs than the data has classes.

    Args:
        model: The model.
        dataset: The data.
        argument: What builders call the number of outputs.

    Raises:
        ValueError: If a label has no output.
    """
    outputs = getattr(model, "deployable", model).output_shape[-1]
    if outputs < len(dataset.labels):
        raise ValueError(
            "The model must have an output for each class; build it with "
            f"{argument}={len(dataset.labels)}. Received: {outputs} outputs"
        )


def check_words(decoder: keras.Model, dataset: Dataset) -> None:
    """Refuse a decoder with fewer words than the data has.

    Args:
        decoder: The model that gives `logits`, `(..., num_tokens)`.
        dataset: Where the words come from.

    Raises:
        ValueError: If there is not a logit for each word.
    """
    words = decoder.output["logits"].shape[-1]
    if words < len(dataset.labels):
        raise ValueError(
            f"There must be a logit for each word; build with num_tokens={len(dataset.labels)}. "
            f"Received: {words} logits"
        )
