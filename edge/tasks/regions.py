"""What is where in a picture, in words."""

from __future__ import annotations

import numpy as np

from ..decoding.boxes import non_max_suppression
from ..decoding.regions import propose_regions
from ..description.detector import Detector
from ..errors import ModelError
from ..runtime.model import Model
from ..runtime.tensors import Array
from .detection import Detection
from .outputs import outputs_for
from .picture import Picture
from .writing import write

_SEEN = {"features", "boxes", "scores"}
_FOUND = {"boxes", "scores"}


def describe(
    encoder: Model,
    image: Picture,
    *,
    regions: Model,
    decoder: Model,
    score_threshold: float | None = None,
    iou_threshold: float | None = None,
    max_detections: int = 10,
    beams: int = 3,
    max_length: int | None = None,
) -> list[Detection]:
    """Find what a picture shows, and describe each in words.

    The encoder sees the picture once and gives `features`, `boxes`, `(1, n, 4)`, and `scores`,
    `(1, n)`. The best boxes that don't show the same go into `regions`, all at once, which gives
    better `boxes` and `scores`, and the decoder's first states, one for each box. The decoder is
    run as in `caption`.

    Args:
        encoder: A model of task `dense_captioning`.
        image: A path, a Pillow image, or a uint8 array (H, W) or (H, W, C).
        regions: The model that looks into regions, from `features` and `boxes`.
        decoder: The model of a step.
        score_threshold: Only regions with a higher score count; the encoder's own when None.
        iou_threshold: Regions that overlap a better one by more are dropped; the encoder's own when
            None.
        max_detections: Most regions to describe, at least 1.
        beams: Phrases that compete, at least 1.
        max_length: Most words, the end included, at least 1; 20 when None.

    Returns:
        The regions, the best first, their phrases as labels; none when nothing is found.

    Raises:
        ModelError: If the files don't fit, or the decoder has no vocabulary, start or end.
        ValueError: If the image is no picture, or a number is out of range.
    """
    detector = encoder.metadata.detector or Detector()
    boxes, scores, states = _look(encoder, image, regions)
    kept, _ = non_max_suppression(
        boxes,
        scores[:, np.newaxis],
        score_threshold=detector.score_threshold if score_threshold is None else score_threshold,
        iou_threshold=detector.iou_threshold if iou_threshold is None else iou_threshold,
        max_detections=max_detections,
    )
    found = []
    for place, row in enumerate(kept):
        state = {name: value[:, row] for name, value in states.items()}
        texts = write(
            decoder, state, beams=beams, max_length=max_length, length_penalty=0.0, separator=" "
        )
        box = tuple(boxes[row].clip(0, 1).tolist())
        found.append(Detection(texts[0].text, float(scores[row]), place, box))
    return found


def _look(encoder: Model, image: Picture, regions: Model) -> tuple[Array, Array, dict[str, Array]]:
    """Give the boxes of the regions, their scores, and the decoder's states for all of them."""
    seen = outputs_for(encoder, image)
    taken = {spec.name: spec.shape for spec in regions.inputs}
    given = {spec.name for spec in regions.outputs}
    if not (set(seen) >= _SEEN and set(taken) == {"features", "boxes"} and given >= _FOUND):
        raise ModelError(
            "An encoder gives features, boxes and scores, and the model of regions boxes and "
            f"scores of features and boxes. Received: an encoder that gives {sorted(seen)}, and "
            f"{sorted(taken)} to {sorted(given)}"
        )
    if seen["features"].shape != taken["features"]:
        raise ModelError(
            f"The model of regions takes features of shape {taken['features']}. "
            f"Received: shape={seen['features'].shape} from the encoder"
        )
    proposed = propose_regions(seen["boxes"][0], seen["scores"][0], taken["boxes"][1])
    outputs = regions.run({"features": seen["features"], "boxes": proposed[np.newaxis]})
    states = {name: value for name, value in outputs.items() if name not in _FOUND}
    # What fills up has no area.
    scores = np.where(proposed.any(axis=-1), outputs["scores"][0], 0.0)
    return outputs["boxes"][0], scores, states
