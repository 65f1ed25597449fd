"""What the outputs of a detector mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .fields import chosen, numbers

# Decoder -> numbers of an anchor.
_ANCHORS = {"boxes": 0, "ssd": 4, "yolo": 2, "grid": 0}


@dataclass(frozen=True)
class Detector:
    """What the outputs of a detector mean.

    Args:
        decoder: `"boxes"`: an output `boxes` with decoded boxes in [0, 1], and `scores`, either
            for each class or, after a detection post-process, with `classes` and perhaps `count`;
            `"ssd"`: an output `boxes` with an offset for each anchor, and `scores` for each class;
            `"yolo"`: grids that scale the anchors, the finest grid with the first of them;
            `"grid"`: one grid without anchors, as of the first YOLO.
        anchors: Boxes (ymin, xmin, ymax, xmax) for `"ssd"`, (height, width) for `"yolo"`, both as
            shares of the picture's.
        variances: What offsets are multiplied by, in the order y, x, height, width.
        order: `"yx"` where the outputs give y before x and height before width, else `"xy"`.
        activation: `"none"`, `"sigmoid"` or `"softmax"`: what makes scores of classes out of the
            outputs.
        background: Whether the first class of the outputs is the background, which has no label.
        score_threshold: Only detections with a higher score count.
        iou_threshold: Detections that overlap a better one of their class by more are dropped.

    Raises:
        ValueError: If a field has the wrong type or is out of range, or anchors don't fit.
    """

    decoder: str = "boxes"
    anchors: tuple[tuple[float, ...], ...] = ()
    variances: tuple[float, ...] = (0.1, 0.1, 0.2, 0.2)
    order: str = "yx"
    activation: str = "none"
    background: bool = False
    score_threshold: float = 0.5
    iou_threshold: float = 0.5

    def __post_init__(self) -> None:
        chosen("decoder", self.decoder, _ANCHORS)
        chosen("order", self.order, ("yx", "xy"))
        chosen("activation", self.activation, ("none", "sigmoid", "softmax"))
        if self.decoder == "yolo" and self.activation == "none":
            raise ValueError(
                "A yolo's activation is sigmoid or softmax. Received: activation='none'"
            )
        object.__setattr__(self, "anchors", _anchors(self.anchors, _ANCHORS[self.decoder]))
        object.__setattr__(self, "variances", numbers("variances", self.variances))
        if len(self.variances) != 4:
            raise ValueError(f"There are 4 variances. Received: variances={self.variances}")
        if not isinstance(self.background, bool):
            raise ValueError(f"background must be a bool. Received: background={self.background!r}")
        for name in ("score_threshold", "iou_threshold"):
            (value,) = numbers(name, (getattr(self, name),))
            if not 0 <= value <= 1:
                raise ValueError(f"{name} must be in [0, 1]. Received: {name}={value}")
            object.__setattr__(self, name, value)


def _anchors(values: Any, size: int) -> tuple[tuple[float, ...], ...]:
    """Check anchors, and round them to 7 digits, which is what float32 has and a file needs."""
    try:
        rows = [numbers("anchors", row) for row in values]
    except TypeError:
        raise ValueError(f"anchors must be rows of numbers. Received: {values!r}") from None
    if any(len(row) != size for row in rows) or bool(rows) != bool(size):
        lengths = sorted({len(row) for row in rows})
        raise ValueError(
            f"The decoder needs anchors of {size} numbers, none at 0. "
            f"Received: {len(rows)} anchors of {lengths} numbers"
        )
    return tuple(tuple(float(f"{number:.7g}") for number in row) for row in rows)
