"""Mixed kernels at a fraction of their cost: 1x1 convolutions narrow what wide ones read."""

from collections.abc import Sequence
from typing import Any

import keras

from kerascnn.layers.blocks.branches import Branches, check_counts


@keras.saving.register_keras_serializable(package="kerascnn")
class Inception(Branches):
    """Concatenates a 1x1, a 3x3 and a 5x5 convolution and a 3x3 maximum pool.

    A 1x1 convolution reduces the channels before the 3x3 and the 5x5 one, another projects those
    of the pool. Without them the layer is `MixedKernels`.

    Args:
        filters: Channels of the 1x1, the 3x3 and the 5x5 convolution, at least 1 each.
        reductions: Channels that the 3x3 and the 5x5 convolution are given; None for all.
        pool_filters: Channels that are left of the pool; None for all.
        activation: Activation of all convolutions; None for none.
        batch_normalization: Normalise before each activation, in place of biases.
        momentum: Momentum of the moving statistics, in [0, 1).
        epsilon: What batch normalisation adds to the variance.
        **kwargs: `name`, `dtype` and the like.

    Output shape:
        `(batch, height, width, sum(filters) + (pool_filters or channels))`

    Raises:
        ValueError: If a number of channels is not positive or missing.

    Example:
        >>> Inception((64, 128, 32), reductions=(96, 16), pool_filters=32)(
        ...     keras.Input((28, 28, 192))
        ... ).shape
        (None, 28, 28, 256)

    Reference:
        https://arxiv.org/abs/1409.4842
    """

    def __init__(
        self,
        filters: Sequence[int],
        *,
        reductions: Sequence[int | None] | None = None,
        pool_filters: int | None = None,
        activation: Any = "relu",
        batch_normalization: bool = False,
        momentum: float = 0.9,
        epsilon: float = 1e-3,
        **kwargs: Any,
    ) -> None:
        check_counts(filters=filters, reductions=reductions, pool_filters=pool_filters)
        if len(filters) != 3 or (reductions is not None and len(reductions) != 2):
            raise ValueError(
                "Three convolutions have filters, two of them reductions. "
                f"Received: filters={filters}, reductions={reductions}"
            )
        self.filters = tuple(filters)
        self.reductions = None if reductions is None else tuple(reductions)
        self.pool_filters = pool_filters
        self.batch_normalization = batch_normalization
        self.momentum = momentum
        self.epsilon = epsilon
        widths = (None, *(reductions or (None, None)))
        rows: dict[str, tuple[int | None, int | None]] = {
            f"1x1 {side}x{side}" if narrow else f"{side}x{side}": (narrow, wide)
            for side, narrow, wide in zip((1, 3, 5), widths, filters, strict=True)
        }
        rows["max 1x1" if pool_filters else "max"] = (pool_filters, None)
        super().__init__(
            list(rows),
            [[count for count in row if count is not None] for row in rows.values()],
            activation=activation,
            normalization={"momentum": momentum, "epsilon": epsilon}
            if batch_normalization
            else None,
            **kwargs,
        )

    def get_config(self):
        """Describe the arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "reductions": self.reductions,
            "pool_filters": self.pool_filters,
            "activation": keras.activations.serialize(self.activation),
            "batch_normalization": self.batch_normalization,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }
