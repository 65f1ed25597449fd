"""The residual unit of full pre-activation: nothing stands on the way of the identity."""

from typing import Any

import keras
from keras import layers

from kerascnn.layers.blocks.residual_unit import ResidualUnit


@keras.saving.register_keras_serializable(package="kerascnn")
class PreActivationResidual(ResidualUnit):
    """Adds a shortcut to convolutions that each follow an activation: `F(x) + S(x)`.

    `F` is two 3x3 convolutions, or as a bottleneck 1x1, 3x3 and 1x1 ones, the last of which has
    `4 * filters` channels; before each stand batch normalisation and an activation. The first 3x3
    convolution takes the strides and pads both sides alike. `S` is one of

    - `"identity"`: the input itself, which must have the shape of the output;
    - `"projection"`: a 1x1 convolution of the first activation, strided;
    - `"zero_padding"`: the strided input with as many zero channels appended as are missing.

    Args:
        filters: Channels of the convolutions, at least 1.
        strides: Step of the unit, in pixels.
        bottleneck: Use the three-convolution form.
        shortcut: `"identity"`, `"projection"` or `"zero_padding"`.
        activation: Activation before each convolution.
        use_bias: Give a bias to what is summed, the last convolution and the projection, as
            Keras's ImageNet networks have it. Elsewhere batch normalisation would remove it.
        momentum: Momentum of the moving statistics, in [0, 1).
        epsilon: What batch normalisation adds to the variance.
        **kwargs: `name`, `dtype` and the like.

    Output shape:
        `(batch, ceil(height / strides), ceil(width / strides), filters or 4 * filters)`

    Raises:
        ValueError: If an argument is out of range, or the shortcut cannot give the output's shape.

    Example:
        >>> PreActivationResidual(8)(keras.Input((16, 16, 8))).shape
        (None, 16, 16, 8)

    Reference:
        https://arxiv.org/abs/1603.05027
    """

    def kernels(self) -> list[dict[str, Any]]:
        """List the arguments of the convolutions, from the input on."""
        sizes = [(self.filters, 3), (self.filters, 3)]
        if self.bottleneck:
            sizes = [(self.filters, 1), (self.filters, 3), (self.channels, 1)]
        rows: list[dict[str, Any]] = [
            {"filters": filters, "kernel_size": size, "use_bias": False} for filters, size in sizes
        ]
        rows[-1]["use_bias"] = self.use_bias
        if self.strides > 1:
            rows[int(self.bottleneck)] |= {"strides": self.strides, "padding": "valid"}
        return rows

    def build(self, input_shape):
        """Create the weights, after a look at the channels."""
        self.check_channels(input_shape)
        # "same" would pad an even side at its end only when the strides are 2.
        self.padding = layers.ZeroPadding2D(1, name="padding", dtype=self.dtype_policy)
        if self.shortcut == "projection":
            self.projection.build(input_shape)
        for place, convolution in enumerate(self.convolutions):
            self.normalizations[place].build(input_shape)
            if convolution.padding == "valid":
                input_shape = self.padding.compute_output_shape(input_shape)
            convolution.build(input_shape)
            input_shape = convolution.compute_output_shape(input_shape)
        self.built = True

    def call(self, inputs):
        """Add the shortcut to the convolved inputs."""
        x = inputs
        for place, convolution in enumerate(self.convolutions):
            x = self.activations[place](self.normalizations[place](x))
            if place == 0:
                projected = self.shortcut == "projection"
                shortcut = (
                    self.projection(self.subsampled(x)) if projected else self.unprojected(inputs)
                )
            x = convolution(self.padding(x) if convolution.padding == "valid" else x)
        return self.sum([shortcut, x])
