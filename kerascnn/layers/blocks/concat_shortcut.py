"""The concatenation shortcut: earlier features next to the later ones."""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="kerascnn")
class ConcatShortcut(keras.layers.Layer):
    """Crops the skip tensor to the running tensor and concatenates both, the skip first.

    The crop is central; of an odd difference the smaller half goes at the top and on the left.
    A side that is unknown when the layer is built is taken to be the same in both tensors.

    Args:
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `[skip, x]` with shapes `(batch, height, width, channels)` and
            `(batch, height_x, width_x, channels_x)`, the sides of `x` at most those of `skip`.

    Output shape:
        `(batch, height_x, width_x, channels + channels_x)`

    Raises:
        ValueError: If the inputs are not two image tensors, or the skip is the smaller one.

    Example:
        >>> ConcatShortcut()([keras.Input((64, 64, 3)), keras.Input((56, 56, 5))]).shape
        (None, 56, 56, 8)

    Reference:
        https://arxiv.org/abs/1505.04597
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.crop = None
        self.concatenate = keras.layers.Concatenate(name="concatenate", dtype=self.dtype_policy)

    def build(self, input_shape):
        """Find what to crop."""
        margins = _margins(input_shape)
        if any(before or after for before, after in margins):
            self.crop = keras.layers.Cropping2D(margins, name="crop", dtype=self.dtype_policy)
        self.built = True

    def call(self, inputs):
        """Concatenate the cropped skip and the running tensor."""
        skip, x = inputs
        if self.crop is not None:
            skip = self.crop(skip)
        return self.concatenate([skip, x])

    def compute_output_shape(self, input_shape):
        """Give the shape of the concatenation."""
        skip, x = input_shape
        return (*x[:-1], skip[-1] + x[-1])


def _margins(shapes: Any) -> tuple[tuple[int, int], ...]:
    """Give the pixels to cut at both ends of the height and of the width."""
    shapes = [tuple(shape) for shape in shapes if isinstance(shape, (list, tuple))]
    if len(shapes) != 2 or any(len(shape) != 4 for shape in shapes):
        raise ValueError(
            "A concatenation shortcut takes [skip, x], each (batch, height, width, channels). "
            f"Received: shapes={shapes}"
        )
    skip, x = shapes
    margins = []
    for side, target in zip(skip[1:3], x[1:3], strict=True):
        excess = 0 if None in (side, target) else side - target
        if excess < 0:
            raise ValueError(
                "The skip must be at least as large as the running tensor. "
                f"Received: skip={skip}, x={x}"
            )
        margins.append((excess // 2, excess - excess // 2))
    return tuple(margins)
