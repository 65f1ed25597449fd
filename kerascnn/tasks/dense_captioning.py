"""What is where in a picture, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from kerascnn.data import Dataset
from kerascnn.edge import pairwise_iou
from kerascnn.tasks.boxes import boxed
from kerascnn.tasks.deployment import Predict
from kerascnn.tasks.drawing import Section, Tile, gallery, shorten
from kerascnn.tasks.precision import Found
from kerascnn.tasks.region_parts import MOST, OVERLAP, described, keep, propose, true_regions
from kerascnn.tasks.region_precision import Described, region_precision
from kerascnn.tasks.shapes import check_images, check_words
from kerascnn.tasks.task import Task
from kerascnn.tasks.writing import END, START, write
from kerascnn.training import DenseCaptioner, parts

_CLIP = 5.0  # most that the gradients of all weights together are long
_COLUMNS, _CERTAIN = 6, 0.5  # images in a row, and the least score of what is shown


class DenseCaptioning(Task):
    """Find regions of an image and say in words what each shows.

    `boxes` of an example are its regions, one without an area none, and `phrases` their words,
    integers from 2, with zeros behind them.
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
        given = propose(found["encoder"].predict_on_batch(images), found["regions"])
        _, states = keep(found["regions"].predict_on_batch(given), given["boxes"])
        decoder, length = found["decoder"], examples["phrases"].shape[2] + 1
        _, fed = write(decoder.predict_on_batch, decoder, states, len(states["hidden"]), length)
        steps = {name: np.concatenate([one[name] for one in fed]) for name in fed[0]}
        return {"encoder": images, "regions": given, "decoder": steps}

    def predict(
        self, runs: Mapping[str, Predict], model: keras.Model, examples: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Give `boxes`, `(batch, 100, 4)`, `scores` and `phrases` of the regions of each image."""
        found = parts(model)
        given = propose(runs["encoder"](examples["input"]), found["regions"])
        outputs = runs["regions"](given)
        kept, states = keep(outputs, given["boxes"])
        length = examples["phrases"].shape[2] + 1
        words, _ = write(runs["decoder"], found["decoder"], states, len(kept), length)
        shape = (len(given["boxes"]), MOST)
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
        return region_precision(described(outputs, 0.0), true_regions(examples))

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw the first images with regions above 0.5, and what is said of the first two of each.

        Red marks one with a region that was missed, is none, or is said to be another.
        """
        tiles = []
        regions = described(outputs, _CERTAIN), true_regions(examples)
        rows = list(zip(examples["image"], *regions, strict=True))
        for image, found, truth in rows[: 3 * _COLUMNS]:
            lines = [
                shorten(" ".join(dataset.labels[word] for word in phrase), 18)
                for phrase in found.phrases[:2]
            ]
            drawn = boxed(
                image, Found(found.boxes, np.arange(1, 1 + len(found.boxes)), found.scores)
            )
            tiles.append(Tile(drawn, "\n".join(lines) or "(nothing)", not _same(found, truth)))
        return gallery([Section("Regions", tiles)], columns=_COLUMNS)

    def metadata(self, dataset: Dataset, part: str = "model") -> dict[str, Any]:
        """Add the words, which of them are the start and the end, and which regions count."""
        return {
            **super().metadata(dataset, part),
            "labels": dataset.labels,
            "tokens": {"start": START, "end": END},
            "detector": {"score_threshold": _CERTAIN, "iou_threshold": OVERLAP},
        }

    def check_shape(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model of other images, with fewer words, or that is no `DenseCaptioner`."""
        if not isinstance(model, DenseCaptioner):
            raise ValueError(
                f"The task {self.name} trains a kerascnn.training.DenseCaptioner. "
                f"Received: {model.name}, a {type(model).__name__}"
            )
        check_images("The proposer's input", model.proposer.input_shape[1:], dataset)
        check_words(model.writer, dataset)


def _same(found: Described, truth: Described) -> bool:
    """Tell whether each region was found and is said to be what it is, and there is no other."""
    hits = pairwise_iou(truth.boxes, found.boxes) >= 0.5
    for row, phrase in zip(hits, truth.phrases, strict=True):
        row &= np.array([phrase == other for other in found.phrases], bool)
    return bool(hits.any(axis=0).all() and hits.any(axis=1).all())
