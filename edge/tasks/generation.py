"""Pictures that a model makes out of nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import ModelError
from ..runtime.model import Model
from ..runtime.tensors import Array
from .imaging import picture_of
from .picture import restore

_CLASSES = ("label", "category")  # inputs that are a class, one-hot


def generate(
    model: Model,
    count: int = 16,
    *,
    seed: int = 0,
    until: int | None = None,
    label: int | str | None = None,
    truncation: float | None = None,
) -> Array:
    """Make up pictures from normally distributed latent variables.

    Args:
        model: A model of task `generation`. Its inputs called `label` or `category` are classes,
            one-hot, and all others latent variables.
        count: Number of pictures, at least 1.
        seed: Seed of the latent variables: equal seeds give equal pictures.
        until: Another seed: the pictures lead from the first one of `seed` to the first one of
            this, along the arc between their latent variables.
        label: The class of all pictures, a number or one of the file's labels. By default they
            take turns, or with `until` are of the first class.
        truncation: The largest latent variable, above 0; larger ones are drawn again. Small values
            give fewer kinds of pictures, but better ones. None for no limit.

    Returns:
        Pixels, uint8, of shape (count, H, W, C).

    Raises:
        ModelError: If the model gives no pictures, or none of its inputs is latent.
        ValueError: If `count` is below 1, the model knows no such class, or the truncation is not
            positive.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1. Received: count={count}")
    if truncation is not None and not truncation > 0:
        raise ValueError(f"truncation must be above 0. Received: truncation={truncation}")
    classes = {spec.name: spec.shape[-1] for spec in model.inputs if spec.name in _CLASSES}
    shapes = {spec.name: spec.shape[1:] for spec in model.inputs if spec.name not in classes}
    if not shapes:
        raise ModelError(f"A generator takes latent variables. Received: {sorted(classes)}")
    if label is not None and not classes:
        raise ValueError(f"The model draws no classes of its own. Received: label={label}")
    if until is None:
        feeds: dict[str, Any] = _noise(shapes, count, seed, truncation)
    else:
        ends = [_noise(shapes, 1, one, truncation) for one in (seed, until)]
        feeds = {name: _arc(ends[0][name][0], ends[1][name][0], count) for name in shapes}
    for name, number in classes.items():
        turns = np.arange(count) % number if until is None else np.zeros(count, np.int64)
        chosen = turns if label is None else np.full(count, _number(model, label, number))
        feeds[name] = np.eye(number, dtype=np.float32)[chosen]
    return restore(picture_of(model.run(feeds)), model.metadata)


def _noise(
    shapes: Mapping[str, tuple[int, ...]], count: int, seed: int, truncation: float | None
) -> dict[str, Array]:
    random = np.random.default_rng(seed)
    drawn = {}
    for name, shape in shapes.items():
        values = random.standard_normal((count, *shape), dtype=np.float32)
        while truncation and (large := np.abs(values) > truncation).any():
            values[large] = random.standard_normal(int(large.sum()), dtype=np.float32)
        drawn[name] = values
    return drawn


def _arc(first: Array, last: Array, count: int) -> Array:
    """Give the way from one point to another, at lengths in between theirs."""
    one, other = first.ravel(), last.ravel()
    cosine = one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-12)
    angle = np.arccos(np.clip(cosine, -1, 1))
    place = np.linspace(0, 1, count, dtype=np.float32)[:, None]
    if np.sin(angle) < 1e-6:  # on one line
        points = one + place * (other - one)
    else:
        points = (np.sin((1 - place) * angle) * one + np.sin(place * angle) * other) / np.sin(angle)
    result: Array = points.reshape(count, *first.shape).astype(np.float32)
    return result


def _number(model: Model, label: int | str, classes: int) -> int:
    names = model.metadata.labels
    if isinstance(label, str) and label in names:
        return names.index(label)
    try:
        number = int(label)
    except ValueError:
        number = -1
    if not 0 <= number < classes:
        known = ", ".join(names) or f"0 to {classes - 1}"
        raise ValueError(f"label must be one of {known}. Received: label={label}")
    return number
