"""Training on the way from a first guess to the truth, which is then gone by corrections."""

from functools import cached_property
from typing import Any

import keras
from keras import ops

from kerascnn.layers import LearnedPlaces
from kerascnn.losses import KeypointError
from kerascnn.training.networks import Networks
from kerascnn.training.noise import Noise


@keras.saving.register_keras_serializable(package="kerascnn")
class ErrorFeedback(Networks):
    """Trains a network to correct points step by step, and deploys all the steps.

    The points start at learned places, their mean over the training data. In training each image
    takes a place at random on the straight way from there to the truth, `k` corrections along it,
    with noise, and the network learns the next correction: what is missing, but not longer than
    `bound`. That is the loss given to `compile`, in units of `bound`, added to the one of the
    start. At inference the network is applied `steps` times to what it said before.

    Args:
        corrector: Functional model from the image and points `(batch, points, 2)` to corrections
            of the same shape, in units of `bound`.
        steps: Corrections, at least 1.
        bound: Length of the longest correction, as a share of the image's sides, above 0.
        noise: Standard deviation of what is added to the points in training, as a share of the
            image's sides, at least 0.
        seed: Seed of places and noise; None for a different one each time.
        **kwargs: `name`, `dtype` and the like.

    Raises:
        ValueError: If a number is out of its range.

    Example:
        >>> model = ErrorFeedback(keras.Model([image, points], corrections))
        >>> model.compile("adam", loss=model.default_loss)
        >>> model.fit(images, points)

    Reference:
        https://arxiv.org/abs/1507.06550
    """

    def __init__(
        self,
        corrector: keras.Model,
        *,
        steps: int = 4,
        bound: float = 0.09,
        noise: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if steps < 1 or bound <= 0 or noise < 0:
            raise ValueError(
                "There must be a step, a bound above 0 and no noise below 0. "
                f"Received: steps={steps}, bound={bound}, noise={noise}"
            )
        self.corrector = corrector
        self.start = LearnedPlaces(corrector.inputs[1].shape[1], dtype="float32", name="start")
        self.start.build(corrector.inputs[0].shape)
        self.steps = steps
        self.bound = bound
        self.noise = noise
        self.seed = seed
        self.random = Noise(seed)
        self.default_loss = KeypointError()
        self.built = True

    @cached_property
    def deployable(self) -> keras.Model:
        """The functional model from images to points after all corrections."""
        image = keras.Input(self.corrector.inputs[0].shape[1:], name="image")
        points = self.start(image)
        for _ in range(self.steps):
            points = points + self.bound * self.corrector([image, points])
        points = keras.layers.Identity(dtype="float32", name="points")(points)
        return keras.Model(image, points, name=self.name)

    def call(self, inputs, training=None):
        """Give the points after all corrections, and in training those before the first."""
        return self.start(inputs) if training else self.deployable(inputs, training=False)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Add up the loss of the start and the one of a correction on the way."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if not training:
            return loss
        truth = ops.cast(y[..., :2], "float32")
        points = self._on_the_way(ops.stop_gradient(y_pred), truth)
        wanted = self._bounded(truth - points, 1.0) / self.bound
        targets = ops.concatenate([wanted, ops.cast(y[..., 2:], "float32")], axis=-1)
        said = self.corrector([x, points], training=True)
        return loss + super().compute_loss(x, targets, said, sample_weight, training)

    def _on_the_way(self, start, truth):
        """Draw points on the way, one number of corrections for each image."""
        generator = self.random.seed_generator
        count = ops.shape(start)[0]
        done = keras.random.randint((count, 1, 1), 0, self.steps, seed=generator)
        points = start + self._bounded(truth - start, ops.cast(done, start.dtype))
        return points + self.noise * self.random.normal(ops.shape(points))

    def _bounded(self, way, corrections):
        """Give what so many corrections cover of a way, `(batch, points, 2)`."""
        length = ops.sqrt(ops.sum(way * way, axis=-1, keepdims=True) + 1e-12)
        return way * ops.minimum(1.0, corrections * self.bound / length)
