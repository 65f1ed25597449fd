"""The blocks of Inception-v3, which take large kernels apart into small ones."""

from collections.abc import Sequence
from typing import Any

import keras

from kerascnn.layers.blocks.branches import Branches, check_counts

# name: the branches, and the channels of their convolutions in Inception-v3
_BLOCKS: dict[str, dict[str, tuple[int, ...]]] = {
    "a": {
        "1x1": (64,),
        "1x1 5x5": (48, 64),
        "1x1 3x3 3x3": (64, 96, 96),
        "average 1x1": (32,),
    },
    "a_3x3": {
        "1x1": (64,),
        "1x1 3x3": (64, 64),
        "1x1 3x3 3x3": (64, 96, 96),
        "average 1x1": (32,),
    },
    "b": {
        "1x1": (192,),
        "1x1 1x7 7x1": (128, 128, 192),
        "1x1 7x1 1x7 7x1 1x7": (128, 128, 128, 128, 192),
        "average 1x1": (192,),
    },
    "c": {
        "1x1": (320,),
        "1x1 1x3|3x1": (384, 384),
        "1x1 3x3 1x3|3x1": (448, 384, 384),
        "average 1x1": (192,),
    },
    "reduction_a": {
        "3x3/2": (384,),
        "1x1 3x3 3x3/2": (64, 96, 96),
        "max/2": (),
    },
    "reduction_b": {
        "1x1 3x3/2": (192, 320),
        "1x1 1x7 7x1 3x3/2": (192, 192, 192, 192),
        "max/2": (),
    },
}


@keras.saving.register_keras_serializable(package="kerascnn")
class FactorizedInception(Branches):
    """Concatenates the branches of a block of Inception-v3, normalised and activated throughout.

    A branch is a chain of convolutions; two 3x3 ones see what a 5x5 one sees, a 1x7 and a 7x1 one
    what a 7x7 one sees. The blocks, with their branches from left to right:

    - `"a"`: 1x1; 1x1, 5x5; 1x1, 3x3, 3x3; average pool, 1x1;
    - `"a_3x3"`: the same with a 3x3 convolution for the 5x5 one, as the paper draws it;
    - `"b"`: 1x1; 1x1, 1x7, 7x1; 1x1, 7x1, 1x7, 7x1, 1x7; average pool, 1x1;
    - `"c"`: 1x1; 1x1, then 1x3 and 3x1 side by side; 1x1, 3x3, then the same; average pool, 1x1;
    - `"reduction_a"`: strided 3x3; 1x1, 3x3, strided 3x3; strided maximum pool;
    - `"reduction_b"`: 1x1, strided 3x3; 1x1, 1x7, 7x1, strided 3x3; strided maximum pool.

    Args:
        block: Name of the block.
        filters: For each branch the channels of its convolutions, such as
            `((64,), (48, 64), (64, 96, 96), (32,))`; None for the first such block of the paper's
            network.
        activation: Activation of all convolutions.
        momentum: Momentum of the moving statistics, in [0, 1).
        epsilon: What batch normalisation adds to the variance.
        **kwargs: `name`, `dtype` and the like.

    Output shape:
        `(batch, height, width, channels)`; a reduction halves the sides without padding:
        `(side - 3) // 2 + 1`.

    Raises:
        ValueError: If there is no such block, or the filters do not fit its branches.

    Example:
        >>> FactorizedInception("a")(keras.Input((35, 35, 192))).shape
        (None, 35, 35, 256)

    Reference:
        https://arxiv.org/abs/1512.00567
    """

    def __init__(
        self,
        block: str,
        *,
        filters: Sequence[Sequence[int]] | None = None,
        activation: Any = "relu",
        momentum: float = 0.9,
        epsilon: float = 1e-3,
        **kwargs: Any,
    ) -> None:
        if block not in _BLOCKS:
            raise ValueError(f"block must be one of {tuple(_BLOCKS)}. Received: block={block!r}")
        expected = tuple(_BLOCKS[block].values())
        chosen = tuple(tuple(row) for row in (expected if filters is None else filters))
        check_counts(filters=chosen)
        if [len(row) for row in chosen] != [len(row) for row in expected]:
            raise ValueError(
                f"Block {block!r} has as many convolutions as {expected}. "
                f"Received: filters={filters}"
            )
        self.block = block
        self.filters = chosen
        self.momentum = momentum
        self.epsilon = epsilon
        super().__init__(
            list(_BLOCKS[block]),
            chosen,
            activation=activation,
            normalization={"momentum": momentum, "epsilon": epsilon},
            **kwargs,
        )

    def get_config(self):
        """Describe the arguments."""
        return {
            **super().get_config(),
            "block": self.block,
            "filters": self.filters,
            "activation": keras.activations.serialize(self.activation),
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }
