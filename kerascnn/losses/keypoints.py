"""The losses of models that find key points, as coordinates or as heat maps."""

import keras
from keras import ops


def keypoint_error(y_true, y_pred):
    """Compute the squared distance of each key point from its place, averaged over the marked ones.

    Computed in float32 or wider.

    Args:
        y_true: `(batch, points, 3)`: y and x, and 1 for each point, 0 where it is not marked.
        y_pred: `(batch, points, 2)`: y and x.

    Returns:
        `(batch,)`, one cost a sample; 0 where no point is marked.

    Reference:
        https://arxiv.org/abs/1312.4659, eq. 4
    """
    y_true, y_pred = _wide(y_true, y_pred)
    squares = ops.sum(ops.square(y_pred - y_true[..., :2]), axis=-1)
    return _mean_of_marked(squares, y_true)


def heatmap_error(y_true, y_pred, *, deviation=1.0):
    """Compute the squared error of heat maps, averaged over the pixels of those of marked points.

    A map is to be `exp(-d^2 / (2 deviation^2))`, where `d` is the distance of the centre of a
    pixel from the point. Computed in float32 or wider.

    Args:
        y_true: `(batch, points, 3)`: y and x in [0, 1], and 1 for each point, 0 where it is not
            marked.
        y_pred: `(batch, height, width, points)`.
        deviation: Standard deviation of the peaks, above 0, in pixels of the maps.

    Returns:
        `(batch,)`, one cost a sample; 0 where no point is marked.

    Reference:
        https://arxiv.org/abs/1406.2984, eq. 5
    """
    y_true, y_pred = _wide(y_true, y_pred)
    height, width = y_pred.shape[1:3]
    rows = _bell(y_true[..., 0], height, deviation)  # (batch, height, points)
    columns = _bell(y_true[..., 1], width, deviation)
    squares = ops.square(y_pred - rows[:, :, None] * columns[:, None])
    return _mean_of_marked(ops.mean(squares, axis=(1, 2)), y_true)


@keras.saving.register_keras_serializable(package="kerascnn")
class KeypointError(keras.losses.Loss):
    """Compute `keypoint_error`.

    Args:
        reduction: How the samples are reduced, as in every Keras loss.
        name: Name of the loss.
        dtype: Precision of the computation.

    Example:
        >>> model.compile("adam", loss=kerascnn.losses.KeypointError())

    Reference:
        https://arxiv.org/abs/1312.4659
    """

    def __init__(self, reduction="sum_over_batch_size", name="keypoint_error", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        """Give one cost a sample."""
        return keypoint_error(y_true, y_pred)


@keras.saving.register_keras_serializable(package="kerascnn")
class HeatmapError(keras.losses.Loss):
    """Compute `heatmap_error`.

    Args:
        deviation: Standard deviation of the peaks, above 0, in pixels of the maps.
        reduction: How the samples are reduced, as in every Keras loss.
        name: Name of the loss.
        dtype: Precision of the computation.

    Raises:
        ValueError: If the deviation is not above 0.

    Example:
        >>> model.compile("adam", loss=kerascnn.losses.HeatmapError(deviation=1.5))

    Reference:
        https://arxiv.org/abs/1406.2984
    """

    def __init__(
        self, deviation=1.0, reduction="sum_over_batch_size", name="heatmap_error", dtype=None
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not deviation > 0:
            raise ValueError(f"deviation must be above 0. Received: deviation={deviation}")
        self.deviation = deviation

    def call(self, y_true, y_pred):
        """Give one cost a sample."""
        return heatmap_error(y_true, y_pred, deviation=self.deviation)

    def get_config(self):
        """Describe the deviation."""
        return {**super().get_config(), "deviation": self.deviation}


def _wide(y_true, y_pred):
    y_pred = ops.convert_to_tensor(y_pred)
    wide = keras.backend.result_type(y_pred.dtype, "float32")
    return ops.cast(y_true, wide), ops.cast(y_pred, wide)


def _mean_of_marked(costs, y_true):
    marked = ops.cast(y_true[..., 2] > 0.0, costs.dtype)
    return ops.sum(marked * costs, axis=-1) / ops.maximum(ops.sum(marked, axis=-1), 1.0)


def _bell(places, side, deviation):
    """Give Gaussians around places `(batch, points)` in [0, 1], `(batch, side, points)`."""
    distance = ops.arange(side, dtype=places.dtype)[:, None] + 0.5 - places[:, None] * side
    return ops.exp(-ops.square(distance / deviation) / 2.0)
