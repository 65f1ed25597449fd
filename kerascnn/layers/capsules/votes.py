"""Where objects say that their parts are."""

from typing import Any

import keras
from keras import layers, ops

from kerascnn.layers.capsules.pose import geometric_pose

_POSE = 6


@keras.saving.register_keras_serializable(package="kerascnn")
class PartVotes(layers.Layer):
    """Predicts the poses of all parts from each object, by weights of its own.

    An object has a pose, and learned poses of its parts relative to it, which it deforms a little
    for an example. A vote is the product of the object's pose and of such a relative pose.

    It is for training: an integer file has no sines.

    Args:
        parts: Number of parts, at least 1.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: What describes the objects, `(batch, objects, dim)`.

    Output shape:
        Votes, `(batch, objects, parts, 6)`: `a, b, t, c, d, u` of the rows `(a, b, t)` and
        `(c, d, u)`; their standard deviations, `(batch, objects, parts)`; and the deformations,
        see `geometric_pose`, `(batch, objects, parts, 6)`.

    Raises:
        ValueError: If there are no parts.

    Example:
        >>> votes, deviations, deformations = PartVotes(40)(keras.Input((32, 128)))
        >>> votes.shape, deviations.shape
        ((None, 32, 40, 6), (None, 32, 40))

    Reference:
        https://arxiv.org/abs/1906.06818, section 2.3
    """

    def __init__(self, parts: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if parts < 1:
            raise ValueError(f"Counts must be positive. Received: {parts=}")
        self.parts = parts

    def build(self, input_shape):
        """Create the weights."""
        objects = input_shape[1]
        own = {"dtype": self.dtype_policy}

        def dense(units, name, bias_axes="ko"):
            layer = layers.EinsumDense(
                "bki,kio->bko", (objects, units), bias_axes=bias_axes, name=name, **own
            )
            layer.build(input_shape)
            return layer

        self.poses = dense(_POSE, "poses")
        self.deviations = dense(self.parts, "deviations")
        self.deformations = dense(self.parts * _POSE, "deformations", bias_axes=None)
        self.relations = self.add_weight(
            name="relations", shape=(objects, self.parts, _POSE), initializer="glorot_uniform"
        )
        self.built = True

    def call(self, inputs):
        """Move the parts as the object is moved."""
        objects = ops.expand_dims(geometric_pose(self.poses(inputs)), axis=2)
        deformations = ops.reshape(self.deformations(inputs), (-1, *self.relations.shape))
        parts = geometric_pose(deformations + ops.cast(self.relations, deformations.dtype))
        a, b, t, c, d, u = (parts[..., i] for i in range(_POSE))
        rows = []
        for first in (0, 3):
            x, y, z = (objects[..., first + i] for i in range(3))
            rows += [x * a + y * c, x * b + y * d, x * t + y * u + z]
        deviations = ops.softplus(self.deviations(inputs) + 0.5) + 0.01
        return ops.stack(rows, axis=-1), deviations, deformations

    def compute_output_shape(self, input_shape):
        """Give the shapes of votes, deviations and deformations."""
        shape = (*input_shape[:2], self.parts)
        return (*shape, _POSE), shape, (*shape, _POSE)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "parts": self.parts}
