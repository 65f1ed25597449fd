"""Heat maps of places, and places that do not depend on the image."""

import math
from typing import Any

import keras
from keras import ops

_REACH = 3.0  # standard deviations; what is further off is as far


def gaussian_maps(places, height, width, deviation):
    """Draw a Gaussian around each place.

    A pixel is `exp(-d^2 / 2)`, the product over both axes of the distance `d` of its centre from
    the place in standard deviations, which counts at most 3.

    Args:
        places: y and x in [0, 1], `(batch, places, 2)`.
        height: Rows of the maps.
        width: Columns of the maps.
        deviation: Standard deviation, in pixels of the maps, above 0.

    Returns:
        `(batch, height, width, places)`, at most 1.

    Example:
        >>> gaussian_maps(keras.ops.full((1, 6, 2), 0.5), 48, 48, 3.0).shape
        TensorShape([1, 48, 48, 6])
    """
    rows = _bell(places[..., 0], height, deviation)  # (batch, height, places)
    columns = _bell(places[..., 1], width, deviation)
    return ops.expand_dims(rows, 2) * ops.expand_dims(columns, 1)


def _bell(places, side, deviation):
    pixels = (ops.arange(side, dtype=places.dtype) + 0.5) / deviation
    # A distance that is shifted and cut at once, so that in integers near pixels count exactly.
    scaled = ops.expand_dims(places * (side / deviation), 1)
    distance = ops.relu6(scaled - (ops.expand_dims(pixels, -1) - _REACH)) - _REACH
    return ops.exp(distance * distance * -0.5)


@keras.saving.register_keras_serializable(package="kerascnn")
class LearnedPlaces(keras.layers.Layer):
    """Gives the same places whatever the image, and learns which.

    Under a squared error they become the mean of the places of the training data.

    Args:
        places: Number of places, at least 1.
        **kwargs: `name`, `dtype` and the like.

    Input shape:
        `(batch, ...)`, of known sides.

    Output shape:
        `(batch, places, 2)`, y and x, at first the middle 0.5 of the image.

    Raises:
        ValueError: If there are no places.

    Example:
        >>> LearnedPlaces(6)(keras.Input((48, 48, 3))).shape
        (None, 6, 2)

    Reference:
        https://arxiv.org/abs/1507.06550, section 2
    """

    def __init__(self, places: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if places < 1:
            raise ValueError(f"places must be at least 1. Received: places={places}")
        self.places = places

    def build(self, input_shape):
        """Make the places."""
        del input_shape
        middle = keras.initializers.Constant(0.5)
        self.mean = self.add_weight(shape=(self.places, 2), initializer=middle, name="mean")
        self.built = True

    def call(self, inputs):
        """Give the places for each of the batch."""
        # One number of each of the batch, whose size a graph does not know beforehand.
        first = ops.reshape(inputs, (-1, 1, math.prod(inputs.shape[1:])))[..., :1]
        return ops.zeros_like(ops.cast(first, self.compute_dtype)) + self.mean

    def compute_output_shape(self, input_shape):
        """Give the shape of the places."""
        return (input_shape[0], self.places, 2)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "places": self.places}
