"""Choosing one capsule among those of the classes."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class CapsuleMask(keras.layers.Layer):
    """Sets all capsules to 0 but one: the true one in training, the longest at inference.

    Of equally long ones, all stay.

    Args:
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: Capsules, `(batch, capsules, dim)`, or `[capsules, labels]` with the true ones
            marked by 1, `(batch, capsules)`. Without labels, the longest one in training too.
        training: Whether to believe the labels.

    Output shape:
        `(batch, capsules, dim)`

    Raises:
        ValueError: If the labels do not have one number for each capsule.

    Example:
        >>> CapsuleMask()(keras.Input((10, 16))).shape
        (None, 10, 16)

    Reference:
        https://arxiv.org/abs/1710.09829, section 4.1
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def build(self, input_shape):
        """Look at the two shapes."""
        capsules, labels = _shapes(input_shape)
        if labels is not None and labels[1:] != capsules[1:-1]:
            raise ValueError(
                "The labels must have one number for each capsule. "
                f"Received: capsules={capsules}, labels={labels}"
            )
        self.built = True

    def call(self, inputs, training=False):
        """Keep the chosen capsule."""
        capsules, labels = inputs if isinstance(inputs, list | tuple) else (inputs, None)
        if training and labels is not None:
            return capsules * ops.expand_dims(ops.cast(labels, capsules.dtype), axis=-1)
        lengths = ops.sum(capsules * capsules, axis=-1, keepdims=True)
        longest = ops.greater_equal(lengths, ops.max(lengths, axis=1, keepdims=True))
        return ops.where(longest, capsules, ops.zeros_like(capsules))

    def compute_output_shape(self, input_shape):
        """Give the shape of the capsules."""
        return _shapes(input_shape)[0]


def _shapes(shapes):
    """Give the shape of the capsules and that of the labels, or None."""
    if isinstance(shapes[0], list | tuple):
        capsules, labels = shapes
        return tuple(capsules), tuple(labels)
    return tuple(shapes), None
