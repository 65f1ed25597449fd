"""What is where in a picture, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from kerascnn.data import Dataset
from kerascnn.edge import non_max_suppression, pairwise_iou, propose_regions
from kerascnn.tasks.boxes import boxed
from kerascnn.tasks.deployment import Predict
from kerascnn.tasks.drawing import Section, Tile, gallery, shorten
from kerascnn.tasks.precision import Found
from kerascnn.tasks.region_precision import Described, region_precision
from kerascnn.tasks.sequences import spoken
from kerascnn.tasks.shapes import check_images
from kerascnn.tasks.task import Task
from kerascnn.tasks.writing import END, START, write
from kerascnn.training import DenseCaptioner, parts

_CLIP = 5.0  # most that the gradients of all weights together are long
_COLUMNS = 6
_MOST = 100  # regions of an image that are described
_OVERLAP = 0.3  # of two regions that show the same; Johnson et al. 2016
_CERTAIN = 0.5  # least score of what is shown


class DenseCaptioning(Task):
    """Find regions of an image and say in words what each shows.

    `boxes` of an example are its regions, one without an area none, and `phrases` what is said of
    each: words, integers from 2, with zeros behind them.
    """

    name = "dense_captioning"
    data = "captioned_scenes"
    needs = ("image", "boxes", "phrases")
    metric = "map"
    chooses = False

    def model_options(self, dataset: Dataset) -> dict[str, Any]:
        """Give the shape of the images, the number of words, and the length with the end."""
        return {
            **super().model_options(dataset),
            "num_tokens": len(dataset.labels),
            "length": dataset.train.element_spec["phrases"].shape[1] + 1,
        }

    def example(self, example: Mapping[str, tf.Tensor], model: keras.Model) -> tuple[Any, ...]:
        """Give the image, the boxes, and the start before each phrase."""
        tokens = tf.pad(example["phrases"], [[0, 0], [1, 0]], constant_values=START)
        image = self.scale(example["image"])
        return ({"image": image, "boxes": example["boxes"], "tokens": tokens},)

    def compile(self, model: keras.Model, *, learning_rate: float | None = None) -> None:
        """Minimise the model's own costs by Adam at 1e-3, gradients shortened to 5."""
        model.compile(keras.optimizers.Adam(learning_rate or 1e-3, global_clipnorm=_CLIP))

    def feeds(self, model: keras.Model, examples: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Feed each part what the ones before it give, with the words of the decoder itself."""
        found = parts(model)
        images = self.inputs(model, examples)
        given = _propose(found["encoder"].predict_on_batch(images), found["regions"])
        _, states = _keep(found["regions"].predict_on_batch(given), given["boxes"])
        count, length = len(states["hidden"]), examples["phrases"].shape[2] + 1
        decoder = found["decoder"]
        _, fed = write(decoder.predict_on_batch, decoder, states, count, length)
        steps = {name: np.concatenate([one[name] for one in fed]) for name in fed[0]}
        return {"encoder": images, "regions": given, "decoder": steps}

    def predict(
        self, runs: Mapping[str, Predict], model: keras.Model, examples: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Give `boxes`, `(batch, 100, 4)`, `scores` and `phrases` of the regions of each image."""
        found = parts(model)
        given = _propose(runs["encoder"](examples["input"]), found["regions"])
        outputs = runs["regions"](given)
        kept, states = _keep(outputs, given["boxes"])
        length = examples["phrases"].shape[2] + 1
        words, _ = write(runs["decoder"], found["decoder"], states, len(kept), length)
        shape = (len(given["boxes"]), _MOST)
        result = {
            "boxes": np.zeros((*shape, 4), np.float32),
            "scores": np.zeros(shape, np.float32),
            "phrases": np.full((*shape, length), END, np.int32),
        }
        for (image, place, row), phrase in zip(kept, words, strict=True):
            result["boxes"][image, place] = outputs["boxes"][image, row]
            result["scores"][image, place] = outputs["scores"][image, row]
            result["phrases"][image, place] = phrase
        return result

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure the mean average precision, as `region_precision` does."""
        return region_precision(_found(outputs, 0.0), _truth(examples))

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw the first images with the regions found above 0.5 and what is said of the first two.

        Red marks an image with a region that was missed, is none, or is said to be another.
        """
        tiles = []
        rows = zip(examples["image"], _found(outputs, _CERTAIN), _truth(examples), strict=True)
        for image, found, truth in list(rows)[: 3 * _COLUMNS]:
            numbers = np.arange(1, len(found.boxes) + 1)
            lines = [
                shorten(" ".join(dataset.labels[word] for word in phrase), 18)
                for phrase in found.phrases[:2]
            ]
            drawn = boxed(image, Found(found.boxes, numbers, found.scores))
            tiles.append(Tile(drawn, "\n".join(lines) or "(nothing)", not _same(found, truth)))
        return gallery([Section("Regions", tiles)], columns=_COLUMNS)

    def metadata(self, dataset: Dataset) -> dict[str, Any]:
        """Add the words, which of them are the start and the end, and which regions count."""
        return {
            **super().metadata(dataset),
            "labels": dataset.labels,
            "tokens": {"start": START, "end": END},
            "detector": {"score_threshold": _CERTAIN, "iou_threshold": _OVERLAP},
        }

    def check_shape(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model of other images, with fewer words, or that is no `DenseCaptioner`."""
        if not isinstance(model, DenseCaptioner):
            raise ValueError(
                f"The task {self.name} trains a kerascnn.training.DenseCaptioner. "
                f"Received: {model.name}, a {type(model).__name__}"
            )
        check_images("The proposer's input", model.proposer.input_shape[1:], dataset)
        words = model.writer.output["logits"].shape[-1]
        if words < len(dataset.labels):
            raise ValueError(
                f"There must be a logit for each word; build with num_tokens={len(dataset.labels)}."
                f" Received: {words} logits"
            )


def _propose(seen: Mapping[str, np.ndarray], regions: keras.Model) -> dict[str, np.ndarray]:
    """Give what goes into the network that looks into regions."""
    count = regions.input["boxes"].shape[1]
    pairs = zip(seen["boxes"], seen["scores"], strict=True)
    boxes = np.stack([propose_regions(*pair, count) for pair in pairs])
    return {"features": seen["features"], "boxes": boxes}


def _keep(
    outputs: Mapping[str, np.ndarray], proposed: np.ndarray
) -> tuple[list[tuple[int, int, int]], dict[str, np.ndarray]]:
    """Choose regions: image, place in the result and row of each, and the decoder's states."""
    kept = []
    for image, (boxes, scores, given) in enumerate(
        zip(outputs["boxes"], outputs["scores"], proposed, strict=True)
    ):
        there = np.where(given.any(axis=-1), scores, 0.0)  # what fills up has no area
        rows, _ = non_max_suppression(
            boxes,
            there[:, np.newaxis],
            score_threshold=0.0,
            iou_threshold=_OVERLAP,
            max_detections=_MOST,
        )
        kept += [(image, place, int(row)) for place, row in enumerate(rows)]
    images, rows = ([one[column] for one in kept] for column in (0, 2))
    return kept, {name: outputs[name][images, rows] for name in ("hidden", "cell")}


def _found(outputs: Mapping[str, np.ndarray], threshold: float) -> list[Described]:
    found = []
    for boxes, phrases, scores in zip(
        *(outputs[name] for name in ("boxes", "phrases", "scores")), strict=True
    ):
        kept = scores > threshold
        found.append(Described(boxes[kept], spoken(phrases[kept]), scores[kept]))
    return found


def _truth(examples: Mapping[str, np.ndarray]) -> list[Described]:
    truth = []
    for boxes, phrases in zip(examples["boxes"], examples["phrases"], strict=True):
        there = (boxes[:, 2:] > boxes[:, :2]).all(axis=-1)
        truth.append(Described(boxes[there], spoken(phrases[there]), np.ones(there.sum())))
    return truth


def _same(found: Described, truth: Described) -> bool:
    """Tell whether each region was found and is said to be what it is, and there is no other."""
    hits = pairwise_iou(truth.boxes, found.boxes) >= 0.5
    hits &= np.array([[one == other for other in found.phrases] for one in truth.phrases], bool)
    return bool(hits.any(axis=0).all() and hits.any(axis=1).all())
