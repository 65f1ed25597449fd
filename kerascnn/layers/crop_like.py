"""A window of maps that is as large as other maps."""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="kerascnn")
class CropLike(keras.layers.Layer):
    """Cuts maps to the height and width of other maps, also where these are known only in use.

    Args:
        offset: Rows above the window and columns left of it, at least 0.
        **kwargs: `name`, `dtype` and the like.

    Input shape:
        Two tensors, `(batch, height, width, channels)` to be cut and
        `(batch, rows, columns, any)` whose sides count; sides may be None.

    Output shape:
        `(batch, rows, columns, channels)`.

    Raises:
        ValueError: If the offset is negative, or known sides leave no room for the window.

    Example:
        >>> CropLike(1)([keras.ops.ones((1, 5, 6, 3)), keras.ops.ones((1, 4, 4, 1))]).shape
        TensorShape([1, 4, 4, 3])

    Reference:
        https://arxiv.org/abs/1411.4038
    """

    def __init__(self, offset: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if offset < 0:
            raise ValueError(f"offset must be at least 0. Received: offset={offset}")
        self.offset = offset

    def build(self, input_shape):
        """Compare the sides as far as they are known."""
        for given, wanted in zip(*(shape[1:3] for shape in input_shape), strict=True):
            if None not in (given, wanted) and given < self.offset + wanted:
                raise ValueError(
                    "Maps must be larger than the window by the offset at least. "
                    f"Received: input_shape={input_shape}, offset={self.offset}"
                )
        self.built = True

    def call(self, inputs):
        """Cut the window."""
        maps, like = inputs
        rows, columns = keras.ops.shape(like)[1:3]
        start = self.offset
        return maps[:, start : start + rows, start : start + columns]

    def compute_output_shape(self, input_shape):
        """Take the sides of the second tensor."""
        maps, like = input_shape
        return (maps[0], *like[1:3], maps[-1])

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "offset": self.offset}
