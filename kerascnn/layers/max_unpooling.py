"""Unpooling, which puts values back to where a maximum came from."""

import functools
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class MaxUnpooling2D(keras.layers.Layer):
    """Undoes max pooling: each value goes to the place of its window's maximum, zeros elsewhere.

    The place comes from the map that was pooled, the switch of the paper; of equal maxima the
    first one, row by row, is it. No gradient flows to that map.

    Args:
        pool_size: Sides of the windows and their step, in pixels.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `[values, map]`: `(batch, height, width, channels)`, and the map that was pooled,
            `(batch, pool_size * height, pool_size * width, channels)`.

    Output shape:
        That of the map.

    Raises:
        ValueError: If the size is below 2 or the shapes do not fit together.

    Example:
        >>> map = keras.Input((8, 8, 3))
        >>> MaxUnpooling2D(2)([keras.layers.MaxPooling2D(2)(map), map]).shape
        (None, 8, 8, 3)

    Reference:
        https://arxiv.org/abs/1311.2901 and https://arxiv.org/abs/1506.02351
    """

    def __init__(self, pool_size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if pool_size < 2:
            raise ValueError(f"pool_size must be at least 2. Received: pool_size={pool_size}")
        self.pool_size = pool_size

    def build(self, input_shape):
        """Compare the two shapes."""
        values, pooled = (tuple(shape) for shape in input_shape)
        grown = [None if side is None else self.pool_size * side for side in values[1:3]]
        sides = zip(grown, pooled[1:3], strict=False)
        if values[3:] != pooled[3:] or any(None not in pair and len({*pair}) > 1 for pair in sides):
            raise ValueError(
                f"The map must have {self.pool_size} times the sides of the values. "
                f"Received: values={values}, map={pooled}"
            )
        self.built = True

    def call(self, inputs):
        """Compare every place of the windows with their maximum."""
        values, pooled = inputs
        windows = ops.space_to_depth(ops.stop_gradient(pooled), self.pool_size)
        places = ops.split(windows, self.pool_size**2, axis=-1)
        best = functools.reduce(ops.maximum, places)
        zeros, placed, before = ops.zeros_like(values), [], None
        for place in places:
            here = ops.greater_equal(place, best)
            if before is not None:
                here = ops.logical_and(here, ops.less(before, best))
            placed.append(ops.where(here, values, zeros))
            before = place if before is None else ops.maximum(before, place)
        return ops.depth_to_space(ops.concatenate(placed, axis=-1), self.pool_size)

    def compute_output_shape(self, input_shape):
        """Give the shape of the map."""
        return tuple(input_shape[1])

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "pool_size": self.pool_size}
