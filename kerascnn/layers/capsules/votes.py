"""Where an object says that its parts are."""

from typing import Any

import keras
from keras import layers, ops

from kerascnn.layers.capsules.pose import geometric_pose


@keras.saving.register_keras_serializable(package="kerascnn")
class PartVotes(layers.Layer):
    """Predicts the pose of every part from the pose of each object.

    An object has learned poses of its parts relative to it, which it may deform a little for an
    example. A vote is the product of the object's pose and of such a relative pose.

    It is for training: an integer file has no sines.

    Args:
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `[poses, deformations]`, unbounded numbers, see `geometric_pose`: those of the
            objects, `(batch, objects, 6)`, and what is added to those of their parts,
            `(batch, objects, parts, 6)`.

    Output shape:
        `(batch, objects, parts, 6)`: `a, b, t, c, d, u` of the rows `(a, b, t)` and `(c, d, u)`.

    Example:
        >>> PartVotes()([keras.Input((32, 6)), keras.Input((32, 40, 6))]).shape
        (None, 32, 40, 6)

    Reference:
        https://arxiv.org/abs/1906.06818, section 2.3
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def build(self, input_shape):
        """Create the relative poses."""
        self.relations = self.add_weight(
            name="relations", shape=input_shape[1][1:], initializer="glorot_uniform"
        )
        self.built = True

    def call(self, inputs):
        """Move the parts as the object is moved."""
        poses, deformations = inputs
        objects = ops.expand_dims(geometric_pose(poses), axis=2)
        parts = geometric_pose(deformations + ops.cast(self.relations, deformations.dtype))
        a, b, t, c, d, u = (parts[..., i] for i in range(6))
        rows = []
        for first in (0, 3):
            x, y, z = (objects[..., first + i] for i in range(3))
            rows += [x * a + y * c, x * b + y * d, x * t + y * u + z]
        return ops.stack(rows, axis=-1)

    def compute_output_shape(self, input_shape):
        """Give the shape of the votes."""
        return tuple(input_shape[1])
