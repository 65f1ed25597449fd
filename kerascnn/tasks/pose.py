"""Where the key points of a body are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from kerascnn.data import Dataset
from kerascnn.edge import Keypoint, Metadata, decode_heatmaps, draw
from kerascnn.tasks.drawing import Section, Tile, gallery
from kerascnn.tasks.outputs import single
from kerascnn.tasks.task import Task

_COLUMNS = 8
_NEAR = 0.08  # of the longer side: what counts as found


class Pose(Task):
    """Say where the key points of a person are.

    The deployable model gives coordinates in [0, 1], `(batch, points, 2)` as (y, x), or a heat map
    for each point, `(batch, height, width, points)`, and brings its own loss as `default_loss`, of
    targets `(batch, points, 3)`. Of several people in an image, the one with most marked points
    counts.
    """

    name = "pose"
    data = "people"
    needs = ("image", "keypoints")
    metric = "pck_08"
    chooses = False

    def model_options(self, dataset: Dataset) -> dict[str, Any]:
        """Give the shape of the images and the number of key points."""
        return {"input_shape": dataset.shape, "num_points": len(dataset.points)}

    def example(self, example: Mapping[str, tf.Tensor], model: keras.Model) -> tuple[Any, ...]:
        """Pair the image with its points `(points, 3)`: y, x and 1, or 0 where it is not marked."""
        del model
        points = example["keypoints"]
        person = tf.argmax(tf.reduce_sum(points[..., 2], axis=-1))
        return self.scale(example["image"]), points[person]

    def compile(self, model: keras.Model, *, learning_rate: float | None = None) -> None:
        """Minimise the model's own loss by Adam at 1e-3."""
        model.compile(
            optimizer=keras.optimizers.Adam(learning_rate or 1e-3), loss=model.default_loss
        )

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure the share of right key points among those that are marked.

        Of `pck_08`, a point is right when it is not further from its place than 0.08 of the
        image's longer side, of `pck_04` half of that. `distance` is the mean distance as a share
        of that side.
        """
        distance = _distance(_points(outputs, examples), examples)
        known = distance[np.isfinite(distance)]
        if not len(known):
            raise ValueError("Poses need key points. Received: examples without a marked one")
        return {
            "pck_08": float(np.mean(known <= _NEAR)),
            "pck_04": float(np.mean(known <= _NEAR / 2)),
            "distance": float(np.mean(known)),
        }

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw the first images with their points and limbs, and below with those predicted.

        Red marks an image with a point that was missed, and the number says how many were found.
        """
        predicted, truth = _points(outputs, examples), _truth(examples)
        distance = _distance(predicted, examples)
        sections = []
        for start in range(0, min(len(predicted), 3 * _COLUMNS), _COLUMNS):
            part = range(start, min(start + _COLUMNS, len(predicted)))
            true = [_drawn(examples["image"][index], truth[index], dataset) for index in part]
            tiles = []
            for index in part:
                marked = np.isfinite(distance[index])
                found, count = np.sum(distance[index][marked] <= _NEAR), np.sum(marked)
                image = _drawn(examples["image"][index], predicted[index], dataset)
                tiles.append(Tile(image, f"{found} of {count}", bool(found < count)))
            sections += [
                Section("True points", [Tile(image) for image in true]),
                Section("Predicted points, with how many are right", tiles),
            ]
        return gallery(sections, columns=_COLUMNS)

    def metadata(self, dataset: Dataset, part: str = "model") -> dict[str, Any]:
        """Add the names of the points, and the limbs between them."""
        own = {"labels": dataset.points, "skeleton": dataset.skeleton}
        return {**super().metadata(dataset, part), **own}

    def check_shape(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model that has not an output for each key point."""
        super().check_shape(model, dataset)
        _, *sides = getattr(model, "deployable", model).output.shape
        points = sides[0] if len(sides) == 2 else sides[-1]
        if points != len(dataset.points):
            raise ValueError(
                "The model must have an output for each key point; build it with "
                f"num_points={len(dataset.points)}. Received: {points} outputs"
            )


def _points(outputs: Any, examples: Mapping[str, np.ndarray]) -> np.ndarray:
    """Give the predicted points, `(count, points, 2)`."""
    values = single(outputs, examples)
    if values.ndim == 4:
        return np.stack([decode_heatmaps(maps)[0] for maps in values])
    if values.ndim != 3 or values.shape[-1] != 2:
        raise ValueError(
            "A pose must be heat maps (count, height, width, points) or coordinates "
            f"(count, points, 2). Received: outputs of shape {values.shape}"
        )
    return values


def _truth(examples: Mapping[str, np.ndarray]) -> np.ndarray:
    """Give the places of the points, `(count, points, 2)`, NaN where they are not marked."""
    points = examples["keypoints"]
    person = points[..., 2].sum(axis=-1).argmax(axis=-1)
    chosen = points[np.arange(len(points)), person]
    return np.where(chosen[..., 2:] > 0, chosen[..., :2], np.nan)


def _distance(points: np.ndarray, examples: Mapping[str, np.ndarray]) -> np.ndarray:
    """Measure distances in shares of the longer side, `(count, points)`, NaN where not marked."""
    sides = np.array(examples["image"].shape[1:3])
    return np.asarray(np.linalg.norm((points - _truth(examples)) * sides / max(sides), axis=-1))


def _drawn(image: np.ndarray, points: np.ndarray, dataset: Dataset) -> np.ndarray:
    pixels = np.rint(255 * np.broadcast_to(image, (*image.shape[:2], 3))).astype(np.uint8)
    found = [
        Keypoint(name, float(y), float(x), 1.0, index)
        for index, (name, (y, x)) in enumerate(zip(dataset.points, points, strict=True))
        if np.isfinite([y, x]).all()
    ]
    return np.asarray(draw(pixels, found, Metadata(skeleton=dataset.skeleton))) / 255.0
