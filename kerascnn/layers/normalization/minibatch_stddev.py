"""How much the images of a batch differ, shown to a discriminator as one more channel."""

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="kerascnn")
class MinibatchStandardDeviation(layers.Layer):
    """Appends a channel that holds the mean standard deviation of the features in a group.

    The batch is dealt out in turn to the fewest groups of at most `group_size` images; where they
    are not equally large, each takes its own mean. The deviation at each place and channel is
    taken over a group and averaged over places and channels to one number for the group. A group
    of equal images, such as one image alone, has 0, with gradients of 0.

    Args:
        group_size: The most images in a group, at least 1.
        epsilon: What smooths the deviation `s^2 / sqrt(s^2 + epsilon)` at 0, above 0.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `(batch, height, width, channels)`.

    Output shape:
        `(batch, height, width, channels + 1)`

    Raises:
        ValueError: If an argument is not positive.

    Example:
        >>> MinibatchStandardDeviation()(keras.Input((4, 4, 512))).shape
        (None, 4, 4, 513)

    Reference:
        https://arxiv.org/abs/1710.10196
    """

    def __init__(self, *, group_size: int = 4, epsilon: float = 1e-8, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if group_size < 1 or epsilon <= 0:
            raise ValueError(
                "Groups need an image, and epsilon must be positive. "
                f"Received: group_size={group_size}, epsilon={epsilon}"
            )
        self.group_size = group_size
        self.epsilon = epsilon

    def build(self, input_shape):
        """Need nothing."""
        self.built = True

    def call(self, inputs):
        """Append the deviation."""
        count = ops.shape(inputs)[0]
        groups = (count + self.group_size - 1) // self.group_size
        group = ops.arange(count) % groups
        # Whom each image is averaged with: (batch, batch); its groups have any size.
        share = ops.cast(group[:, None] == group[None], "float32")
        share = share / ops.sum(share, -1, keepdims=True)
        x = ops.reshape(ops.cast(inputs, "float32"), (count, -1))
        offset = x - ops.matmul(share, x)
        variance = ops.matmul(share, offset * offset)
        # Unlike a root, this has a slope at 0.
        deviation = ops.mean(variance * ops.rsqrt(variance + self.epsilon), -1)
        deviation = ops.cast(ops.reshape(deviation, (count, 1, 1, 1)), self.compute_dtype)
        channel = ops.broadcast_to(deviation, (*ops.shape(inputs)[:-1], 1))
        return ops.concatenate([inputs, channel], -1)

    def compute_output_shape(self, input_shape):
        """Give the shape with one more channel."""
        return (*input_shape[:-1], input_shape[-1] + 1)

    def get_config(self):
        """Describe the arguments."""
        own = {"group_size": self.group_size, "epsilon": self.epsilon}
        return {**super().get_config(), **own}
