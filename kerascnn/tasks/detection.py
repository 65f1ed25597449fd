"""A box and a label for each object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from kerascnn.data import Dataset
from kerascnn.edge import non_max_suppression, pairwise_iou
from kerascnn.tasks.boxes import boxed, colour
from kerascnn.tasks.drawing import Section, Tile, gallery
from kerascnn.tasks.outputs import rows
from kerascnn.tasks.precision import Found, average_precision
from kerascnn.tasks.task import Task

_COLUMNS = 8
_OVERLAP = 0.45  # of two boxes of one class that show the same; Liu et al. 2016
_CERTAIN = 0.4  # least score of what is shown


class Detection(Task):
    """Say what is where, as boxes and a probability for each class.

    The deployable model gives `boxes`, `(batch, n, 4)` as `(ymin, xmin, ymax, xmax)` in [0, 1], and
    `scores`, `(batch, n, classes)`, without the background. They stay apart, as integers of one
    scale would hold neither well. A model brings its own loss as `default_loss`.
    """

    name = "detection"
    data = "shapes"
    needs = ("image", "boxes", "classes")
    metric = "map_50"
    chooses = False

    def model_options(self, dataset: Dataset) -> dict[str, Any]:
        """Give the shape of the images and the number of classes, without the background."""
        return {"input_shape": dataset.shape, "num_classes": len(dataset.labels) - 1}

    def example(self, example: Mapping[str, tf.Tensor], model: keras.Model) -> tuple[Any, ...]:
        """Pair the image with its boxes: `(boxes, 5)`, the class and then the box, -1 for none."""
        del model
        classes = tf.cast(example["classes"], tf.float32)[:, tf.newaxis]
        return self.scale(example["image"]), tf.concat([classes, example["boxes"]], axis=-1)

    def compile(self, model: keras.Model, *, learning_rate: float | None = None) -> None:
        """Minimise the model's own loss by Adam at 1e-3."""
        model.compile(
            optimizer=keras.optimizers.Adam(learning_rate or 1e-3), loss=model.default_loss
        )

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure the mean average precision, as `average_precision` does.

        Of boxes of one class that overlap by more than 0.45, the likeliest counts.
        """
        return average_precision(_found(outputs, examples, 0.01), _truth(examples))

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw the first images with their boxes and with those predicted above 0.4.

        Below each are the scores; red marks an image with an object that was missed or is none.
        """
        part = slice(3 * _COLUMNS)
        found, truth = _found(outputs, examples, _CERTAIN)[part], _truth(examples)[part]
        sections = []
        for start in range(0, len(truth), _COLUMNS):
            chosen = range(start, min(start + _COLUMNS, len(truth)))
            images = [examples["image"][index] for index in chosen]
            true = [boxed(image, truth[index]) for image, index in zip(images, chosen, strict=True)]
            tiles = [
                Tile(
                    boxed(image, found[index]),
                    " ".join(f"{score:.2f}" for score in found[index].scores[:3]) or "nothing",
                    not _same(found[index], truth[index]),
                )
                for image, index in zip(images, chosen, strict=True)
            ]
            sections += [
                Section("True boxes", [Tile(image) for image in true]),
                Section("Predicted boxes, with their scores", tiles),
            ]
        legend = {name: colour(value) for value, name in enumerate(dataset.labels) if value}
        return gallery(sections, columns=_COLUMNS, legend=legend)

    def metadata(self, dataset: Dataset, part: str = "model") -> dict[str, Any]:
        """Add the names of the classes, and which detections count."""
        detector = {"score_threshold": _CERTAIN, "iou_threshold": _OVERLAP}
        return {
            **super().metadata(dataset, part),
            "labels": dataset.labels[1:],
            "detector": detector,
        }

    def check_shape(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model with fewer scores than the data has classes."""
        super().check_shape(model, dataset)
        _check(getattr(model, "deployable", model).output)
        scores = getattr(model, "deployable", model).output["scores"].shape[-1]
        if scores < len(dataset.labels) - 1:
            raise ValueError(
                "The model must have a score for each class; build it with "
                f"num_classes={len(dataset.labels) - 1}. Received: {scores} scores"
            )


def _check(outputs: Any) -> None:
    """Refuse outputs that are not those of a detector."""
    if not isinstance(outputs, Mapping) or not {"boxes", "scores"} <= outputs.keys():
        raise ValueError(f"A detector must give boxes and scores. Received: {outputs!r:.80}")


def _found(outputs: Any, examples: Mapping[str, np.ndarray], threshold: float) -> list[Found]:
    """Keep the likeliest boxes of each image, the best first."""
    _check(outputs)
    found = []
    for boxes, scores in zip(
        *(rows(outputs[k], examples) for k in ("boxes", "scores")), strict=True
    ):
        kept, classes = non_max_suppression(
            boxes, scores, score_threshold=threshold, iou_threshold=_OVERLAP
        )
        # The value 0 is the background, which has no score.
        found.append(Found(boxes[kept], classes + 1, scores[kept, classes]))
    return found


def _truth(examples: Mapping[str, np.ndarray]) -> list[Found]:
    pairs = zip(examples["boxes"], examples["classes"], strict=True)
    return [
        Found(boxes[classes > 0], classes[classes > 0], np.ones(np.sum(classes > 0)))
        for boxes, classes in pairs
    ]


def _same(found: Found, truth: Found) -> bool:
    """Tell whether each object has its box, and each box its object."""
    hits = pairwise_iou(truth.boxes, found.boxes) >= 0.5
    hits &= truth.classes[:, np.newaxis] == found.classes
    return bool(hits.any(axis=0).all() and hits.any(axis=1).all())
