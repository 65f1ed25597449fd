"""How fast the features of a sound change."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class Deltas(keras.layers.Layer):
    """Puts the differences of features over time beside them, and the differences of these.

    A difference is the slope of the line through a frame and its neighbours,
    `sum_n n (x[t + n] - x[t - n]) / (2 sum_n n^2)`; the sound is mirrored at its ends.

    Args:
        order: Number of differences, at least 1: 2 are speed and acceleration.
        width: Neighbours on each side, in frames, at least 1.
        **kwargs: `name`, `dtype` and the like.

    Input shape:
        `(batch, frames, bands)`.

    Output shape:
        `(batch, frames, bands, 1 + order)`.

    Raises:
        ValueError: If a number is not positive.

    Example:
        >>> Deltas()(keras.ops.zeros((1, 100, 40))).shape
        TensorShape([1, 100, 40, 3])

    Reference:
        Furui, Speaker-independent isolated word recognition using dynamic features of speech
        spectrum, 1986
    """

    def __init__(self, order: int = 2, width: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if min(order, width) < 1:
            raise ValueError(
                f"Both numbers must be at least 1. Received: order={order}, width={width}"
            )
        self.order = order
        self.width = width

    def call(self, inputs):
        """Take differences of differences."""
        found = [inputs]
        for _ in range(self.order):
            found.append(self._slope(found[-1]))
        return ops.stack(found, axis=-1)

    def compute_output_shape(self, input_shape):
        """Add an axis."""
        return (*input_shape, 1 + self.order)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "order": self.order, "width": self.width}

    def _slope(self, x):
        frames, width = x.shape[1], self.width
        padded = ops.pad(x, [[0, 0], [width, width], [0, 0]], mode="symmetric")
        slope = 0.0
        for step in range(1, width + 1):
            ahead = padded[:, width + step : width + step + frames]
            behind = padded[:, width - step : width - step + frames]
            slope = slope + step * (ahead - behind)
        return slope / (2 * sum(step**2 for step in range(1, width + 1)))
