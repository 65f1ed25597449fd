"""Convolutions of several sizes and pooling side by side."""

from collections.abc import Sequence
from typing import Any

import keras

from kerascnn.layers.blocks.branches import Branches, check_counts


@keras.saving.register_keras_serializable(package="kerascnn")
class MixedKernels(Branches):
    """Concatenates convolutions with kernels of several sizes, and a 3x3 maximum pool.

    All keep the sides; the pooled input comes last and gets no activation.

    Args:
        filters: Channels of the convolutions, at least 1 each.
        kernel_sizes: Sides of their kernels, in pixels.
        activation: Activation of the convolutions; None for none.
        **kwargs: `name`, `dtype` and the like.

    Output shape:
        `(batch, height, width, sum(filters) + channels)`

    Raises:
        ValueError: If the arguments are not positive, or not equally many.

    Example:
        >>> MixedKernels((4, 8, 2))(keras.Input((28, 28, 3))).shape
        (None, 28, 28, 17)

    Reference:
        https://arxiv.org/abs/1409.4842
    """

    def __init__(
        self,
        filters: Sequence[int],
        *,
        kernel_sizes: Sequence[int] = (1, 3, 5),
        activation: Any = None,
        **kwargs: Any,
    ) -> None:
        check_counts(filters=filters, kernel_sizes=kernel_sizes)
        if len(filters) != len(kernel_sizes):
            raise ValueError(
                "Each kernel size has its number of filters. "
                f"Received: filters={filters}, kernel_sizes={kernel_sizes}"
            )
        self.filters = tuple(filters)
        self.kernel_sizes = tuple(kernel_sizes)
        super().__init__(
            [*(f"{side}x{side}" for side in kernel_sizes), "max"],
            [*((count,) for count in filters), ()],
            activation=activation,
            **kwargs,
        )

    def get_config(self):
        """Describe the arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_sizes": self.kernel_sizes,
            "activation": keras.activations.serialize(self.activation),
        }
