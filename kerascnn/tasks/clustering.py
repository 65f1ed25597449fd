"""Images in groups that no label taught."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix

from kerascnn.data import Dataset
from kerascnn.tasks.drawing import Section, Tile, gallery, shorten
from kerascnn.tasks.outputs import single
from kerascnn.tasks.task import Task
from kerascnn.training import Unsupervised

_COLUMNS = 10


class Clustering(Task):
    """Describe images by codes that fall into groups, which labels name but do not teach.

    k-means forms as many groups of the codes as there are labels.
    """

    name = "clustering"
    data = "digits"
    needs = ("image", "label")
    metric = "accuracy"
    chooses = False

    def model_options(self, dataset: Dataset) -> dict[str, Any]:
        """Give the shape of the images and the number of groups."""
        return {"input_shape": dataset.shape, "num_classes": len(dataset.labels)}

    def example(self, example: Mapping[str, tf.Tensor], model: keras.Model) -> tuple[Any, ...]:
        """Give the image alone."""
        del model
        return (self.scale(example["image"]),)

    def compile(self, model: keras.Model, *, learning_rate: float | None = None) -> None:
        """Minimise the model's own costs by Adam at 1e-3."""
        model.compile(optimizer=keras.optimizers.Adam(learning_rate or 1e-3))

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure how well the groups are the classes.

        `accuracy` is the share of images in the group that stands for their class, by the best
        assignment of one group to each class; `nmi` is the normalised mutual information. `spread`
        is the standard deviation of a number of the code over the images, a mean over the numbers:
        k-means finds groups in codes of any scale, even where nothing but rounding sets them apart.
        """
        codes, labels = _codes(outputs, examples), examples["label"]
        groups = _groups(codes, labels)
        counts = contingency_matrix(labels, groups)
        return {
            "accuracy": float(counts[linear_sum_assignment(-counts)].sum() / len(labels)),
            "nmi": float(normalized_mutual_info_score(labels, groups)),
            "spread": float(np.mean(codes.std(axis=0))),
        }

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw the first images of each group, with the class that most of them show."""
        groups = _groups(_codes(outputs, examples), examples["label"])
        sections = []
        for group in np.unique(groups):
            members = np.flatnonzero(groups == group)
            values, counts = np.unique(examples["label"][members], return_counts=True)
            most = shorten(dataset.labels[values[counts.argmax()]])
            heading = f"{len(members)} pictures, {counts.max() / len(members):.0%} of them {most}"
            tiles = [Tile(examples["image"][index]) for index in members[:_COLUMNS]]
            sections.append(Section(heading, tiles))
        return gallery(sections, columns=_COLUMNS)

    def check(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model without costs of its own, and data that it cannot take."""
        if not isinstance(model, Unsupervised):
            raise ValueError(
                "Clustering trains models that have costs of their own "
                f"(kerascnn.training.Unsupervised). Received: {type(model).__name__} {model.name}"
            )
        super().check(model, dataset)


def _codes(outputs: Any, examples: Mapping[str, np.ndarray]) -> np.ndarray:
    codes = single(outputs, examples)
    return codes.reshape(len(codes), -1)


def _groups(codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Give each code the number of its group."""
    distinct = len(np.unique(codes, axis=0))
    count = min(len(np.unique(labels)), distinct)
    return np.asarray(KMeans(count, n_init=10, random_state=0).fit_predict(codes))
