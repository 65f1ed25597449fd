"""What a model file says about itself: its task, its labels, how pictures go in and come out."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Metadata:
    """The description of a model.

    Args:
        task: Task of the model, a key of `kerascnn.edge.TASKS`; empty when not known.
        labels: Name of each class, in the order of the scores.
        mean: Subtracted from each pixel (0 to 255), one number or one a channel.
        std: What the difference is divided by: input = (pixel - mean) / std.
        output_mean: Added to a picture that comes out, one number or one a channel.
        output_std: Multiplied first: pixel = output * output_std + output_mean.
        channel_order: `"RGB"` or `"BGR"`: how the model takes and gives colours.
        description: What the model is, in a sentence.
        licence: Licence of the model.
        source: Where the model or its training data comes from.

    Raises:
        ValueError: If a field has the wrong type, a number isn't finite, or a std is zero.
    """

    task: str = ""
    labels: tuple[str, ...] = ()
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (255.0,)
    output_mean: tuple[float, ...] = (0.0,)
    output_std: tuple[float, ...] = (255.0,)
    channel_order: str = "RGB"
    description: str = ""
    licence: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        for name in ("task", "channel_order", "description", "licence", "source"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} must be a text. Received: {getattr(self, name)!r}")
        object.__setattr__(self, "labels", _texts("labels", self.labels))
        for name in ("mean", "std", "output_mean", "output_std"):
            object.__setattr__(self, name, _numbers(name, getattr(self, name)))
        if 0.0 in self.std or 0.0 in self.output_std:
            raise ValueError(
                f"A std must not be zero. Received: std={self.std}, output_std={self.output_std}"
            )
        if self.channel_order not in ("RGB", "BGR"):
            raise ValueError(
                f"channel_order must be RGB or BGR. Received: channel_order={self.channel_order!r}"
            )

    def to_json(self) -> str:
        """Give the description as JSON text."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Metadata:
        """Read what `to_json` gives; fields that this version doesn't know are ignored.

        Raises:
            ValueError: If the text isn't a JSON object, or a field is ill-formed.
        """
        fields = json.loads(text)
        if not isinstance(fields, dict):
            raise ValueError(f"A description is a JSON object. Received: {text[:40]!r}")
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in fields.items() if name in known})


def _texts(name: str, values: Any) -> tuple[str, ...]:
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"{name} must be texts. Received: {values!r}")
    return tuple(values)


def _numbers(name: str, values: Any) -> tuple[float, ...]:
    try:
        numbers = tuple(float(value) for value in values)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers. Received: {values!r}") from None
    if not numbers or not all(map(math.isfinite, numbers)):
        raise ValueError(f"{name} must be finite numbers, at least one. Received: {values!r}")
    return numbers
