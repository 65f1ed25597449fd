"""One label for each pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from matplotlib.colors import to_rgb
from PIL import Image

from kerascnn.data import Dataset
from kerascnn.tasks.deployment import Pixels
from kerascnn.tasks.drawing import PALETTE, Section, Tile, gallery
from kerascnn.tasks.outputs import single
from kerascnn.tasks.shapes import check_classes
from kerascnn.tasks.task import Task

COLUMNS = 8
BACKGROUND = "#dcdcdc"


class Segmentation(Task):
    """Say what each pixel belongs to, as a logit for each class."""

    name = "segmentation"
    data = "shapes"
    needs = ("image", "mask")
    metric = "mean_iou"

    def model_options(self, dataset: Dataset) -> dict[str, Any]:
        """Give the shape of the images and the number of classes, background included."""
        return {"input_shape": dataset.shape, "num_classes": len(dataset.labels)}

    def example(self, example: Mapping[str, tf.Tensor], model: keras.Model) -> tuple[Any, ...]:
        """Pair the image with its mask, whose middle is kept where the model's output is less."""
        mask = middle(example["mask"], model.output_shape[1:3], axis=0)
        return self.scale(example["image"]), mask

    def compile(self, model: keras.Model, *, learning_rate: float | None = None) -> None:
        """Minimise the mean cross entropy of the pixels, in nats, by Adam at 1e-3."""
        mean_iou = keras.metrics.MeanIoU(
            model.output_shape[-1], sparse_y_pred=False, name="mean_iou"
        )
        model.compile(
            optimizer=keras.optimizers.Adam(learning_rate or 1e-3),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=[mean_iou],
        )

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure the overlap of predicted and true regions over all pixels of all images.

        `mean_iou` is the mean over the classes of intersection / union, without the classes that
        are in no mask and predicted nowhere; `pixel_accuracy` is the share of right pixels.
        """
        predicted, truth = self._masks(outputs, examples)
        overlap = _overlap(predicted, truth)
        return {
            "mean_iou": float(np.mean(overlap)),
            "pixel_accuracy": float(np.mean(predicted == truth)),
        }

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw the first images, their masks and the predicted masks."""
        predicted, truth = (masks[:COLUMNS] for masks in self._masks(outputs, examples))
        legend = {
            name: PALETTE[(value - 1) % len(PALETTE)] if value else BACKGROUND
            for value, name in enumerate(dataset.labels)
        }
        colours = np.array([to_rgb(colour) for colour in legend.values()])
        images = middle(examples["image"][:COLUMNS], predicted.shape[1:], axis=1)
        scores = [np.mean(_overlap(*pair)) for pair in zip(predicted, truth, strict=True)]
        sections = [
            Section("Picture", [Tile(image) for image in images]),
            Section("True mask", [Tile(colours[mask]) for mask in truth]),
            Section(
                "Predicted mask, with its mean intersection over union",
                [
                    Tile(colours[mask], f"IoU {score:.2f}")
                    for mask, score in zip(predicted, scores, strict=True)
                ],
            ),
        ]
        return gallery(sections, columns=COLUMNS, legend=legend)

    def metadata(self, dataset: Dataset, part: str = "model") -> dict[str, Any]:
        """Add the names of the classes."""
        return {**super().metadata(dataset, part), "labels": dataset.labels}

    def _masks(
        self, outputs: Any, examples: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Give predicted and true masks, both `(count, height, width)`."""
        logits = single(outputs, examples)
        return logits.argmax(axis=-1), middle(examples["mask"], logits.shape[1:3], axis=1)

    def check_shape(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model with fewer outputs than the data has classes."""
        super().check_shape(model, dataset)
        check_classes(model, dataset)


def middle(pixels: Pixels, sides: Sequence[int | None], *, axis: int) -> Pixels:
    """Crop height and width, which start at an axis, around the middle.

    Unpadded convolutions give fewer pixels than they are given; None keeps a side.
    """
    index = [slice(None)] * axis
    for length, side in zip(pixels.shape[axis : axis + 2], sides, strict=True):
        start = (length - (side or length)) // 2
        index.append(slice(start, start + (side or length)))
    return pixels[tuple(index)]


def _overlap(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Intersection over union of each class that is in either."""
    count = int(max(predicted.max(), truth.max())) + 1
    pairs = np.bincount(truth.ravel() * count + predicted.ravel(), minlength=count * count)
    confusion = pairs.reshape(count, count)
    intersection = confusion.diagonal()
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - intersection
    return np.asarray(intersection[union > 0] / union[union > 0])
