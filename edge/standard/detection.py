"""What the standard form says of detectors.

It knows two kinds. One gives its detections ready made, in four outputs; the other gives an offset
for each anchor and scores, and the anchors stand in the description.
"""

from __future__ import annotations

from typing import Any

from ..description.detector import Detector
from ..description.metadata import Metadata
from ..file.ports import Port
from ..file.structure import Structure
from ..file.writer import write
from . import schema

# Name of an output -> what the standard form calls it, in the order of a detection post-process.
ROLES = {
    "boxes": "location",
    "classes": "category",
    "scores": "score",
    "count": "number of detections",
}
# Places of xmin, ymin, xmax and ymax in a box.
_CORNERS = {"yx": [1, 0, 3, 2], "xy": [0, 1, 2, 3]}


def describe_detector(
    metadata: Metadata, structure: Structure, labels: str
) -> dict[str, Any] | None:
    """Describe a detector that is one of the two kinds.

    Args:
        metadata: The description.
        structure: The model.
        labels: Name of the file with the labels.

    Returns:
        The values of `outputs` and `custom` in the standard form; None for another kind of model.
    """
    detector = metadata.detector
    if detector is None or detector.background:
        return None
    roles = _roles(structure)
    if detector.decoder == "boxes" and detector.activation == "none" and len(roles) == 4:
        custom = None
    elif _has_standard_anchors(detector) and set(roles.values()) == {"boxes", "scores"}:
        scores = next(port for port in structure.gives if roles[port.name] == "scores")
        custom = [{"name": schema.DETECTOR_NAME, "data": _decoding(detector, scores)}]
    else:
        return None
    files: dict[str, Any] = {}
    if metadata.labels:
        kind = schema.AXIS_LABELS if custom else schema.VALUE_LABELS
        files = {"scores" if custom else "classes": [{"name": labels, "type": kind}]}
    outputs = [
        {"name": ROLES[role], "files": files.get(role), **_contents(detector, role)}
        for role in (roles[port.name] for port in structure.gives)
    ]
    return {"outputs": outputs, "custom": custom}


def _roles(structure: Structure) -> dict[str, str]:
    """Tell what each output is: by its name, or else by its place in the signature."""
    names = [name for name, _ in structure.outputs]
    if len(names) != len(structure.gives):
        return {}
    if set(names) <= set(ROLES):
        return {name: name for name in names}
    return dict(zip(names, ROLES, strict=True)) if len(names) == len(ROLES) else {}


def _has_standard_anchors(detector: Detector) -> bool:
    return (
        detector.decoder == "ssd"
        and detector.order == "yx"
        and detector.activation in ("none", "sigmoid")
        and 0 not in detector.variances
    )


def _contents(detector: Detector, role: str) -> dict[str, Any]:
    if role == "boxes":
        boxes = {"index": _CORNERS[detector.order], "type": schema.BOUNDARIES}
        return {"content": {"kind": schema.BOXES, "value": (boxes, schema.BOXES_FIELDS)}}
    if role == "scores":
        threshold = {"threshold": detector.score_threshold}
        unit = {"kind": schema.THRESHOLD, "value": (threshold, schema.THRESHOLD_FIELDS)}
        return {"units": [unit]}
    return {}


def _decoding(detector: Detector, scores: Port) -> bytes:
    """Say how offsets and anchors become boxes."""
    anchors = [
        {
            "x": (xmin + xmax) / 2,
            "y": (ymin + ymax) / 2,
            "width": xmax - xmin,
            "height": ymax - ymin,
        }
        for ymin, xmin, ymax, xmax in detector.anchors
    ]
    y, x, height, width = detector.variances
    decoding = {
        "classes": scores.shape[-1] if scores.shape else 0,
        "boxes": len(anchors),
        "coordinates": 4,
        "keypoint_offset": 0,
        "keypoints": 0,
        "keypoint_values": 2,  # readers insist on it, points or not
        "x_scale": 1 / x,
        "y_scale": 1 / y,
        "width_scale": 1 / width,
        "height_scale": 1 / height,
        "exponential": True,
        "sigmoid": detector.activation == "sigmoid",
    }
    values = {"ssd": {"fixed": {"anchors": anchors}}, "decoding": decoding}
    return write(values, schema.DETECTOR, schema.CUSTOM_IDENTIFIER)
