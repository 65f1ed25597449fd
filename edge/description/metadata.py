"""What a model file says about itself: its task, its labels, how inputs go in and come out."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from .detector import Detector
from .fields import chosen, index, known, numbers, part, texts
from .tokens import Tokens

# Fields with fields of their own.
_PARTS = {"detector": Detector, "tokens": Tokens}


@dataclass(frozen=True)
class Metadata:
    """The description of a model.

    Args:
        task: Task of the model, a key of `kerascnn.edge.TASKS`; empty when not known.
        labels: Name of each class, key point, word or symbol, in the order of the scores.
        mean: Subtracted from each pixel (0 to 255), one number or one a channel.
        std: What the difference is divided by: input = (pixel - mean) / std.
        output_mean: Added to a picture that comes out, one number or one a channel.
        output_std: Multiplied first: pixel = output * output_std + output_mean.
        channel_order: `"RGB"` or `"BGR"`: how the model takes and gives colours.
        description: What the model is, in a sentence.
        licence: Licence of the model.
        source: Where the model or its training data comes from.
        detector: What the outputs of a detector mean; a mapping of its fields is taken too.
        skeleton: Pairs of key points that a limb joins, as indices of the labels.
        tokens: Which tokens are no words; a mapping of its fields is taken too.
        sample_rate: Samples a second of the sound that the model takes, in Hz; 0 when not known.

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
    detector: Detector | None = None
    skeleton: tuple[tuple[int, int], ...] = ()
    tokens: Tokens | None = None
    sample_rate: float = 0.0

    def __post_init__(self) -> None:
        for name in ("task", "description", "licence", "source"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} must be a text. Received: {getattr(self, name)!r}")
        chosen("channel_order", self.channel_order, ("RGB", "BGR"))
        object.__setattr__(self, "labels", texts("labels", self.labels))
        for name in ("mean", "std", "output_mean", "output_std"):
            object.__setattr__(self, name, numbers(name, getattr(self, name)))
        if 0.0 in self.std or 0.0 in self.output_std:
            raise ValueError(
                f"A std must not be zero. Received: std={self.std}, output_std={self.output_std}"
            )
        for name, kind in _PARTS.items():
            object.__setattr__(self, name, part(name, getattr(self, name), kind))
        object.__setattr__(self, "skeleton", _limbs(self.skeleton))
        (rate,) = numbers("sample_rate", (self.sample_rate,))
        if rate < 0:
            raise ValueError(f"sample_rate must be at least 0. Received: sample_rate={rate}")
        object.__setattr__(self, "sample_rate", rate)

    def to_json(self) -> str:
        """Give the description as JSON text, one field a line."""
        fields = {
            name: json.dumps(value, ensure_ascii=False)
            for name, value in dataclasses.asdict(self).items()
        }
        return "{\n" + ",\n".join(f'  "{name}": {text}' for name, text in fields.items()) + "\n}"

    @classmethod
    def from_json(cls, text: str | bytes) -> Metadata:
        """Read what `to_json` gives; fields that this version doesn't know are ignored.

        Raises:
            ValueError: If the text isn't a JSON object, or a field is ill-formed.
        """
        fields = json.loads(text)
        if not isinstance(fields, dict):
            raise ValueError(f"A description is a JSON object. Received: {text[:40]!r}")
        for name, kind in _PARTS.items():
            if isinstance(fields.get(name), dict):
                fields[name] = known(kind, fields[name])
        return cls(**known(cls, fields))


def _limbs(pairs: Any) -> tuple[tuple[int, int], ...]:
    try:
        rows = [tuple(pair) for pair in pairs]
    except TypeError:
        rows = [()]
    if any(len(row) != 2 for row in rows):
        raise ValueError(f"skeleton must be pairs of indices. Received: skeleton={pairs!r}")
    return tuple((index("skeleton", first), index("skeleton", last)) for first, last in rows)
