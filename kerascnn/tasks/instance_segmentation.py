"""Things of one kind that touch, each by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from matplotlib.colors import to_rgb
from PIL import Image

from kerascnn.data import Dataset
from kerascnn.edge import connected_components
from kerascnn.tasks.drawing import PALETTE, Section, Tile, gallery
from kerascnn.tasks.instance_borders import border_weights, separated
from kerascnn.tasks.outputs import single
from kerascnn.tasks.segmentation import BACKGROUND, COLUMNS, Segmentation, middle
from kerascnn.tasks.task import Task

_LABELS = ("background", "instance")
_LEAST = 0.5  # of the union: how much two instances must overlap to be one


class InstanceSegmentation(Segmentation):
    """Number the things in an image by scores for its pixels alone.

    A model of segmentation learns to leave background between things that touch, which weighs much
    in its loss; each connected part of what it gives is an instance.
    """

    name = "instance_segmentation"
    data = "cells"
    needs = ("image", "instances")
    metric = "ap_50"

    def model_options(self, dataset: Dataset) -> dict[str, Any]:
        """Give the shape of the images, and two classes: background and instances."""
        return {"input_shape": dataset.shape, "num_classes": len(_LABELS)}

    def example(self, example: Mapping[str, tf.Tensor], model: keras.Model) -> tuple[Any, ...]:
        """Pair the image with the mask of the separated instances, and weigh the pixels."""
        instances = example["instances"]
        mask, weights = tf.numpy_function(_targets, [instances], [tf.int32, tf.float32])
        kept = []
        for pixels in (mask, weights):
            pixels.set_shape(instances.shape)
            kept.append(middle(pixels, model.output_shape[1:3], axis=0))
        return self.scale(example["image"]), *kept

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure which instances were found, over all images.

        Two instances match that have more than half of their union in common. `ap_50` is the share
        of matches among matches, instances that nothing matches, and predictions that match none;
        `matched_iou` is the mean intersection over union of the matches.
        """
        overlaps, total = [], 0
        for predicted, truth in zip(*self._instances(outputs, examples), strict=True):
            overlap = _overlaps(predicted, truth)
            matches = overlap[overlap > _LEAST]
            overlaps.extend(matches.tolist())
            total += sum(overlap.shape) - len(matches)
        return {
            "ap_50": len(overlaps) / max(total, 1),
            "matched_iou": float(np.mean(overlaps)) if overlaps else 0.0,
        }

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw the first images, their instances and the predicted ones, a colour for each.

        Red marks an image with an instance that was missed, merged or made up.
        """
        predicted, truth = (maps[:COLUMNS] for maps in self._instances(outputs, examples))
        colours = np.array([to_rgb(colour) for colour in PALETTE])
        images = middle(examples["image"][:COLUMNS], predicted.shape[1:], axis=1)
        found = []
        for one, other in zip(predicted, truth, strict=True):
            overlap = _overlaps(one, other)
            right, (made, there) = int(np.sum(overlap > _LEAST)), overlap.shape
            found.append(
                Tile(_coloured(one, colours), f"{right} of {there}", made + there > 2 * right)
            )
        sections = [
            Section("Picture", [Tile(image) for image in images]),
            Section("True instances", [Tile(_coloured(one, colours)) for one in truth]),
            Section("Predicted instances, with how many are right", found),
        ]
        return gallery(sections, columns=COLUMNS)

    def metadata(self, dataset: Dataset, part: str = "model") -> dict[str, Any]:
        """Name the two classes."""
        return {**super().metadata(dataset, part), "labels": _LABELS}

    def check_shape(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model that gives no scores of two classes for pixels."""
        Task.check_shape(self, model, dataset)
        shape = model.output_shape
        if len(shape) != 4 or shape[-1] != len(_LABELS):
            raise ValueError(
                f"The model must give {len(_LABELS)} scores for each pixel, of background and of "
                f"instances. Received: output_shape={shape}"
            )

    def _instances(
        self, outputs: Any, examples: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Give predicted and true instances, both `(count, height, width)`."""
        masks = single(outputs, examples).argmax(axis=-1)
        predicted = np.stack([connected_components(mask) for mask in masks])
        return predicted, middle(examples["instances"], masks.shape[1:3], axis=1)


def _targets(instances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return separated(instances), border_weights(instances)


def _overlaps(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Intersection over union of each predicted instance with each true one."""
    _, first = np.unique(np.append(0, predicted), return_inverse=True)
    _, second = np.unique(np.append(0, truth), return_inverse=True)
    sides = first.max() + 1, second.max() + 1
    pairs = np.bincount(first[1:] * sides[1] + second[1:], minlength=sides[0] * sides[1])
    both = pairs.reshape(sides)
    union = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
    return np.asarray((both / np.maximum(union, 1))[1:, 1:])


def _coloured(instances: np.ndarray, colours: np.ndarray) -> np.ndarray:
    shown = colours[(instances - 1) % len(colours)]
    return np.where(instances[..., np.newaxis] > 0, shown, to_rgb(BACKGROUND))
