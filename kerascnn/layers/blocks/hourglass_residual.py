"""The residual units of hourglasses, one of which also looks from further away."""

from typing import Any

import keras
from keras import layers

_OPTIONS = ("filters", "pooled", "momentum", "epsilon")


@keras.saving.register_keras_serializable(package="kerascnn")
class HourglassResidual(layers.Layer):
    """Adds branches of pre-activated convolutions to the input: `S(x) + F(x)`, or `+ P(x)` too.

    `F` is 1x1, 3x3 and 1x1 convolutions, the first two of half the filters. `P`, of units that
    are `pooled`, is two 3x3 convolutions of an image of half the sides, which sees four times the
    area, and repeats its pixels at the end. Before each convolution stand batch normalisation and
    ReLU. `S` is the input itself, or a 1x1 convolution of it where the channels differ.

    Biases stand where something is summed; elsewhere batch normalisation would remove them.

    Args:
        filters: Channels of the output, even.
        pooled: Add the branch of half the sides, which must be even.
        momentum: Momentum of the moving statistics, in [0, 1).
        epsilon: What batch normalisation adds to the variance.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `(batch, height, width, channels)`.

    Output shape:
        `(batch, height, width, filters)`

    Raises:
        ValueError: If the filters cannot be halved, or sides that must be even are not.

    Example:
        >>> HourglassResidual(256, pooled=True)(keras.Input((64, 64, 128))).shape
        (None, 64, 64, 256)

    Reference:
        https://arxiv.org/abs/1702.07432
    """

    def __init__(
        self,
        filters: int,
        *,
        pooled: bool = False,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if filters < 2 or filters % 2:
            raise ValueError(f"Filters must be an even number. Received: filters={filters}")
        self.filters = filters
        self.pooled = pooled
        self.momentum = momentum
        self.epsilon = epsilon
        own = {"dtype": self.dtype_policy}
        self.narrow = self._branch("narrow", [(filters // 2, 1), (filters // 2, 3), (filters, 1)])
        self.wide: list[layers.Layer] = []
        if pooled:
            self.wide = self._branch("wide", [(filters, 3), (filters, 3)])
            self.wide.insert(2, layers.MaxPooling2D(2, name="wide_pool", **own))
            self.wide.append(layers.UpSampling2D(2, name="wide_upsampling", **own))
        self.projection = None
        # Of more than two at once, the sums in between would have no range in int8.
        self.sums = [layers.Add(name=f"sum{place}", **own) for place in range(1, 2 + pooled)]

    def build(self, input_shape):
        """Create the weights of all branches."""
        if self.pooled and any(side and side % 2 for side in input_shape[1:3]):
            raise ValueError(
                f"Sides must be even. Received: input_shape={tuple(input_shape)}, pooled=True"
            )
        if input_shape[-1] != self.filters:
            self.projection = self._convolution("projection", self.filters, 1, use_bias=True)
            self.projection.build(input_shape)
        for branch in (self.narrow, self.wide):
            shape = input_shape
            for step in branch:
                step.build(shape)
                shape = step.compute_output_shape(shape)
        self.built = True

    def call(self, inputs):
        """Add up the branches."""
        total = self.projection(inputs) if self.projection else inputs
        for branch, add in zip((self.narrow, self.wide), self.sums, strict=False):
            x = inputs
            for step in branch:
                x = step(x)
            total = add([total, x])
        return total

    def compute_output_shape(self, input_shape):
        """Give the shape of the sum."""
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), **{name: getattr(self, name) for name in _OPTIONS}}

    def _branch(self, name, kernels):
        """Make convolutions, each after normalisation and activation."""
        own = {"dtype": self.dtype_policy}
        statistics = {"momentum": self.momentum, "epsilon": self.epsilon}
        steps = []
        for place, (filters, size) in enumerate(kernels, 1):
            bias = place == len(kernels)
            label = f"{name}_conv{place}"
            steps += [
                layers.BatchNormalization(name=f"{name}_bn{place}", **statistics, **own),
                layers.ReLU(name=f"{name}_relu{place}", **own),
                self._convolution(label, filters, size, use_bias=bias),
            ]
        return steps

    def _convolution(self, name, filters, size, *, use_bias):
        own = {"padding": "same", "kernel_initializer": "he_normal", "dtype": self.dtype_policy}
        return layers.Conv2D(filters, size, use_bias=use_bias, name=name, **own)
