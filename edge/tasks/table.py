"""What a model is asked for, by the name of its task."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..description.metadata import Metadata
from ..runtime.model import Model
from . import detection, imaging, recognition
from .acoustic import segment_sound
from .captioning import caption
from .generation import generate
from .pose import locate
from .regions import describe
from .speech import transcribe
from .translation import translate

# A row for each thing found, or one value for each name.
Rows: TypeAlias = list[dict[str, Any]] | dict[str, Any]


def _rows(result: Any, metadata: Metadata) -> Rows:
    return [dataclasses.asdict(found) for found in result]


@dataclass(frozen=True)
class Head:
    """A task function, and what goes into it and comes out.

    A call is a call of the function.

    Args:
        function: Takes the model, what it is asked about, and options by keyword.
        takes: What the model is asked about: `"picture"`, `"sound"`, `"text"`, or nothing when
            empty.
        rows: Gives a result of the function, with the model's metadata, as numbers and texts.
    """

    function: Callable[..., Any]
    takes: str = "picture"
    rows: Callable[[Any, Metadata], Rows] = _rows

    def __call__(self, model: Model, *arguments: Any, **options: Any) -> Any:
        """Ask a model."""
        return self.function(model, *arguments, **options)


TASKS: Mapping[str, Head] = {
    "classification": Head(recognition.classify),
    "clustering": Head(recognition.embed, rows=recognition.components),
    "embedding": Head(recognition.embed, rows=recognition.components),
    "segmentation": Head(recognition.segment, rows=recognition.shares),
    "instance_segmentation": Head(recognition.instances, rows=recognition.extents),
    "detection": Head(detection.detect, rows=detection.rows),
    "pose": Head(locate),
    "autoencoding": Head(imaging.reconstruct, rows=imaging.size),
    "restoration": Head(imaging.improve, rows=imaging.size),
    "generation": Head(generate, takes="", rows=imaging.size),
    "captioning": Head(caption),
    "dense_captioning": Head(describe, rows=detection.rows),
    "speech": Head(transcribe, takes="sound"),
    "acoustic": Head(segment_sound, takes="sound"),
    "translation": Head(translate, takes="text"),
}
