"""The residual unit: convolutions that learn what to add to their input."""

from typing import Any

import keras

from kerascnn.layers.blocks.residual_unit import ResidualUnit


@keras.saving.register_keras_serializable(package="kerascnn")
class Residual(ResidualUnit):
    """Adds a shortcut to the output of two or three convolutions: `activation(F(x) + S(x))`.

    `F` is two 3x3 convolutions, or as a bottleneck 1x1, 3x3 and 1x1 ones, the last of which has
    `4 * filters` channels; batch normalisation follows each, an activation all but the last.
    The first takes the strides. `S` is one of

    - `"identity"`: the input itself, which must have the shape of the output;
    - `"projection"`: a 1x1 convolution of the strided input, with batch normalisation;
    - `"zero_padding"`: the strided input with zero channels appended (the paper's option A).

    Args:
        filters: Channels of the convolutions, at least 1.
        strides: Step of the unit, in pixels.
        bottleneck: Use the three-convolution form.
        shortcut: `"identity"`, `"projection"` or `"zero_padding"`.
        activation: Activation inside `F` and after the sum.
        use_bias: Give the convolutions a bias, as Keras's ImageNet networks have it.
        momentum: Momentum of the moving statistics, in [0, 1).
        epsilon: What batch normalisation adds to the variance.
        **kwargs: `name`, `dtype` and the like.

    Output shape:
        `(batch, ceil(height / strides), ceil(width / strides), filters or 4 * filters)`

    Raises:
        ValueError: If an argument is out of range, or the shortcut cannot give the output's shape.

    Example:
        >>> Residual(8)(keras.Input((16, 16, 8))).shape
        (None, 16, 16, 8)

    Reference:
        https://arxiv.org/abs/1512.03385
    """

    def kernels(self) -> list[dict[str, Any]]:
        """List the arguments of the convolutions, from the input on."""
        rows = [(self.filters, 3), (self.filters, 3)]
        if self.bottleneck:
            rows = [(self.filters, 1), (self.filters, 3), (self.channels, 1)]
        return [
            {
                "filters": filters,
                "kernel_size": size,
                "strides": 1 if place or self.bottleneck else self.strides,
                "use_bias": self.use_bias,
            }
            for place, (filters, size) in enumerate(rows)
        ]

    def build(self, input_shape):
        """Create the weights, after a look at the channels."""
        self.check_channels(input_shape)
        if self.shortcut == "projection":
            self.projection_normalization = self._normalization("projection_bn")
            self.projection.build(input_shape)
            self.projection_normalization.build(self.compute_output_shape(input_shape))
        for convolution, normalization in zip(self.convolutions, self.normalizations, strict=True):
            convolution.build(input_shape)
            input_shape = convolution.compute_output_shape(input_shape)
            normalization.build(input_shape)
        self.built = True

    def call(self, inputs):
        """Add the shortcut to the convolved inputs."""
        x = self.subsampled(inputs) if self.bottleneck else inputs
        last = len(self.convolutions) - 1
        for i, convolution in enumerate(self.convolutions):
            x = self.normalizations[i](convolution(x))
            x = self.activations[i](x if i < last else self.sum([self._shortcut(inputs), x]))
        return x

    def _shortcut(self, x):
        if self.shortcut == "projection":
            return self.projection_normalization(self.projection(self.subsampled(x)))
        return self.unprojected(x)
