"""Part capsules: what a convolutional encoder says of each part, wherever it saw it."""

from typing import Any

import keras
from keras import layers, ops

_POSE = 6


@keras.saving.register_keras_serializable(package="kerascnn")
class PartCapsules(layers.Layer):
    """Describes each part by a mean over all places, weighted by the part's own attention.

    A 1x1 convolution gives each part, at each place, the numbers of its capsule and a logit of
    attention; the softmax of the logits over the places weighs the capsules. Before, each place
    adds a learned vector, without which a part would not know where it is.

    Args:
        parts: Number of parts, at least 1.
        features: Special features of a part, such as its tint, at least 1.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: Maps, `(batch, height, width, channels)`.

    Output shape:
        Poses as six unbounded numbers, see `geometric_pose`, `(batch, parts, 6)`; logits of the
        presences, `(batch, parts, 1)`; and features, `(batch, parts, features)`.

    Raises:
        ValueError: If a count is not positive.

    Example:
        >>> poses, logits, features = PartCapsules(40)(keras.Input((5, 5, 128)))
        >>> poses.shape, logits.shape, features.shape
        ((None, 40, 6), (None, 40, 1), (None, 40, 16))

    Reference:
        https://arxiv.org/abs/1906.06818, section 2.2
    """

    def __init__(self, parts: int, *, features: int = 16, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if min(parts, features) < 1:
            raise ValueError(f"Counts must be positive. Received: {parts=}, {features=}")
        self.parts = parts
        self.features = features
        self.capsules = layers.Conv2D(
            parts * (_POSE + 1 + features), 1, name="capsules", dtype=self.dtype_policy
        )
        self.attention = layers.Conv2D(parts, 1, name="attention", dtype=self.dtype_policy)

    def build(self, input_shape):
        """Create the weights."""
        self.places = self.add_weight(name="places", shape=input_shape[1:], initializer="zeros")
        self.capsules.build(input_shape)
        self.attention.build(input_shape)
        self.built = True

    def call(self, inputs):
        """Look and pool."""
        x = inputs + ops.cast(self.places, inputs.dtype)
        count = x.shape[1] * x.shape[2]
        size = _POSE + 1 + self.features
        logits = ops.transpose(ops.reshape(self.attention(x), (-1, count, self.parts)), (0, 2, 1))
        weights = ops.softmax(logits, axis=-1)  # (batch, parts, places)
        numbers = ops.reshape(self.capsules(x), (-1, count, self.parts, size))
        numbers = ops.transpose(numbers, (0, 2, 1, 3))  # (batch, parts, places, size)
        pooled = ops.matmul(ops.expand_dims(weights, axis=2), numbers)
        pooled = ops.reshape(pooled, (-1, self.parts, size))
        return pooled[..., :_POSE], pooled[..., _POSE : _POSE + 1], pooled[..., _POSE + 1 :]

    def compute_output_shape(self, input_shape):
        """Give the shapes of poses, logits and features."""
        return tuple((input_shape[0], self.parts, count) for count in (_POSE, 1, self.features))

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "parts": self.parts, "features": self.features}
