"""The context module: dilated convolutions that see far and lose no pixel."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kerascnn.layers.convolution.chain import Chain
from kerascnn.layers.convolution.identity_kernel import IdentityKernel

# Channels of the 3x3 layers in multiples of the input's, and the noise of their first kernels.
_VARIANTS = {
    "basic": ((1, 1, 1, 1, 1, 1, 1), 0.0),
    "large": ((2, 2, 4, 8, 16, 32, 32), 1e-3),
}


@keras.saving.register_keras_serializable(package="kerascnn")
class ContextModule(Chain):
    """Gives every pixel of a feature map its surroundings, at full resolution.

    Seven 3x3 convolutions with ReLU, whose dilation rates make an output see 67 x 67 pixels, and a
    1x1 convolution; zeros lie outside. It starts as the identity for inputs that are not negative
    (see `IdentityKernel`): exactly as `"basic"`, and up to 2 percent as `"large"`, where noise lets
    the channels differ that start from the same one.

    Args:
        variant: `"basic"`: all layers have the `C` channels of the input. `"large"`: they have
            2C, 2C, 4C, 8C, 16C, 32C, 32C and at last C.
        dilation_rates: Pixels between two elements of the seven kernels.
        **kwargs: `name`, `dtype` and the like.

    Output shape:
        The shape of the input, `(batch, height, width, C)`.

    Raises:
        ValueError: If an argument is out of range, or the input is no image.

    Example:
        >>> ContextModule()(keras.Input((64, 64, 21))).shape
        (None, 64, 64, 21)

    Reference:
        https://arxiv.org/abs/1511.07122
    """

    def __init__(
        self,
        *,
        variant: str = "basic",
        dilation_rates: Sequence[int] = (1, 1, 2, 4, 8, 16, 1),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if variant not in _VARIANTS:
            raise ValueError(f"variant is one of {(*_VARIANTS,)}. Received: variant={variant!r}")
        if len(dilation_rates) != 7 or min(dilation_rates) < 1:
            raise ValueError(
                "dilation_rates are seven positive integers. "
                f"Received: dilation_rates={dilation_rates}"
            )
        self.variant = variant
        self.dilation_rates = tuple(dilation_rates)
        self.steps = []

    def build(self, input_shape):
        """Create the layers, whose channels follow from the input's."""
        if len(input_shape) != 4 or input_shape[-1] is None:
            raise ValueError(
                "A context module takes (batch, height, width, channels). "
                f"Received: input_shape={tuple(input_shape)}"
            )
        features = input_shape[-1]
        widths, noise = _VARIANTS[self.variant]
        own = {"padding": "same", "dtype": self.dtype_policy}
        steps, rates = [], (*self.dilation_rates, 1)
        for i, (width, rate) in enumerate(zip((*widths, 1), rates, strict=True), 1):
            form = {"activation": "relu", "dilation_rate": rate} if i < 8 else {}
            form["kernel_initializer"] = IdentityKernel(features=features, noise=noise)
            size = 3 if i < 8 else 1
            steps.append(layers.Conv2D(width * features, size, name=f"conv{i}", **form, **own))
        self.steps = steps
        super().build(input_shape)

    def compute_output_shape(self, input_shape):
        """Give the shape of the input."""
        return tuple(input_shape)

    def get_config(self):
        """Describe the arguments."""
        own = {"variant": self.variant, "dilation_rates": self.dilation_rates}
        return {**super().get_config(), **own}
