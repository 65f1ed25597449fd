"""Images through a narrow code and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kerascnn.data import Dataset
from kerascnn.losses import GaussianKL, bernoulli_nats
from kerascnn.tasks.drawing import Section, Tile, gallery
from kerascnn.tasks.outputs import rows, single
from kerascnn.tasks.task import Task
from kerascnn.training import Unsupervised

_COLUMNS = 10
_ACTIVE = 0.01  # variance of a latent variable's mean over the data; Burda et al. 2016


class Autoencoding(Task):
    """Describe an image by few numbers from which it can be drawn again.

    For a variational autoencoder, whose outputs are a `reconstruction` and a `posterior`, for
    models with the reconstruction as their only output, and for those with costs of their own
    (`kerascnn.training.Unsupervised`).
    """

    name = "autoencoding"
    data = "digits"
    metric = "nats"
    chooses = False

    def example(self, example: Mapping[str, tf.Tensor], model: keras.Model) -> tuple[Any, ...]:
        """Make the image its own target, or the clean one; a posterior has none."""
        image, clean = self.scale(example["image"]), self.scale(_clean(example))
        if isinstance(model, Unsupervised):
            return (image,)
        if not isinstance(model.output, Mapping):
            return image, clean
        targets = {"reconstruction": clean, "posterior": tf.zeros((1,))}
        return image, {key: targets[key] for key in model.output}

    def compile(self, model: keras.Model, *, learning_rate: float | None = None) -> None:
        """Minimise the nats, reconstruction and divergence, or own costs, by Adam at 1e-3."""
        loss: Any = None
        if not isinstance(model, Unsupervised):
            losses = {"reconstruction": bernoulli_nats, "posterior": GaussianKL()}
            named = isinstance(model.output, Mapping)
            loss = {key: losses[key] for key in model.output} if named else bernoulli_nats
        model.compile(optimizer=keras.optimizers.Adam(learning_rate or 1e-3), loss=loss)

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure, as a mean over the (clean) images, what they cost, at the mean of the posterior.

        `reconstruction` is the negative log likelihood of Bernoulli pixels and `mse` the mean
        squared error of a pixel. With a posterior, `kl` is its divergence from the prior,
        `active_units` counts the latent variables that vary, and `probe` is the cross-validated
        accuracy of a linear classifier of the codes, where there are labels. `nats` is
        `reconstruction` and `kl` together.
        """
        image = np.asarray(_clean(examples), np.float32)
        drawn = _reconstruction(outputs, examples)
        error = float(np.mean(np.square(drawn - image)))
        nats = float(np.mean(ops.convert_to_numpy(bernoulli_nats(image, drawn))))
        scores = {"nats": nats, "reconstruction": nats, "mse": error}
        if isinstance(outputs, Mapping) and "posterior" in outputs:
            mean, log_var = np.split(rows(outputs["posterior"], examples), 2, axis=-1)
            kl = 0.5 * np.sum(mean**2 + np.expm1(log_var) - log_var, axis=-1)
            scores["kl"] = float(np.mean(kl))
            scores["nats"] += scores["kl"]
            scores["active_units"] = float(np.sum(mean.var(axis=0) > _ACTIVE))
            if "label" in examples:
                scores["probe"] = _probe(mean, examples["label"])
        return scores

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw the first images and below each its reconstruction."""
        del dataset
        drawn = _reconstruction(outputs, examples)
        sections = []
        for start in range(0, min(len(drawn), 3 * _COLUMNS), _COLUMNS):
            part = slice(start, start + _COLUMNS)
            sections += [
                Section("Picture", [Tile(image) for image in examples["image"][part]]),
                Section("Reconstruction", [Tile(image) for image in drawn[part]]),
            ]
        return gallery(sections, columns=_COLUMNS)


def _clean(examples: Mapping[str, Any]) -> Any:
    """Give the images that are to be drawn."""
    return examples.get("clean", examples["image"])


def _reconstruction(outputs: Any, examples: Mapping[str, np.ndarray]) -> np.ndarray:
    """Give the images among the outputs."""
    if isinstance(outputs, Mapping) and "reconstruction" in outputs:
        drawn = rows(outputs["reconstruction"], examples)
    else:
        drawn = single(outputs, examples)
    if drawn.shape != examples["image"].shape:
        raise ValueError(
            f"A reconstruction must have the shape of the images, {examples['image'].shape}. "
            f"Received: {drawn.shape}"
        )
    return drawn


def _probe(codes: np.ndarray, labels: np.ndarray) -> float:
    """Accuracy of logistic regression on codes that it was not fitted to."""
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return float(np.mean(cross_val_score(model, codes, labels, cv=folds)))
