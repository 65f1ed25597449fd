"""Convolutions of which each section of an axis has its own."""

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="kerascnn")
class LimitedWeightSharing(layers.Layer):
    """Convolves and pools sections of an axis, each by a kernel of its own.

    Speech differs from low to high frequencies, so only the `pool_size` places whose maximum is
    taken share their weights. With the same kernel everywhere this is `Conv1D` and
    `MaxPooling1D`, both without padding.

    Args:
        filters: Output channels.
        kernel_size: Side of the kernels, in bands.
        context: Side of the kernels, in frames, where the input has frames.
        pool_size: Places of a section.
        pool_strides: Places from one section to the next.
        activation: Activation before the maximum; None for none.
        **kwargs: `name`, `dtype` and the like.

    Input shape:
        `(batch, bands, channels)`, or `(batch, frames, bands, channels)`.

    Output shape:
        `(batch, sections, filters)`; `(bands - kernel_size - pool_size + 1) // pool_strides + 1`
        sections; with frames `(batch, frames - context + 1, sections, filters)`.

    Raises:
        ValueError: If a number is not positive, or there are too few bands for one section.

    Example:
        >>> LimitedWeightSharing(80, 8)(keras.Input((40, 45))).shape
        (None, 14, 80)

    Reference:
        Abdel-Hamid et al., Convolutional neural networks for speech recognition, 2014, section IV
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        *,
        context: int = 1,
        pool_size: int = 6,
        pool_strides: int = 2,
        activation: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if min(filters, kernel_size, context, pool_size, pool_strides) < 1:
            raise ValueError(
                "All numbers must be at least 1. "
                f"Received: filters={filters}, kernel_size={kernel_size}, context={context}, "
                f"pool_size={pool_size}, pool_strides={pool_strides}"
            )
        self.filters = filters
        self.kernel_size = kernel_size
        self.context = context
        self.pool_size = pool_size
        self.pool_strides = pool_strides
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        """Create a convolution for each section."""
        *before, bands, channels = input_shape
        framed = len(before) == 2
        kind = layers.Conv2D if framed else layers.Conv1D
        self.width = self.pool_size + self.kernel_size - 1  # bands that a section sees
        if bands is None or bands < self.width:
            raise ValueError(
                f"There must be {self.width} bands at least. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        self.sections = [
            kind(
                self.filters,
                (self.context, self.kernel_size) if framed else self.kernel_size,
                activation=self.activation,
                dtype=self.dtype_policy,
                name=f"section{number}",
            )
            for number in range(1, (bands - self.width) // self.pool_strides + 2)
        ]
        for section in self.sections:
            section.build((*before, self.width, channels))
        self.built = True

    def call(self, inputs):
        """Convolve and pool section by section."""
        starts = range(0, len(self.sections) * self.pool_strides, self.pool_strides)
        pooled = [
            ops.max(section(inputs[..., start : start + self.width, :]), axis=-2, keepdims=True)
            for start, section in zip(starts, self.sections, strict=True)
        ]
        return ops.concatenate(pooled, axis=-2)

    def compute_output_shape(self, input_shape):
        """Give the shape of the sections."""
        *before, bands, _ = input_shape
        width = self.pool_size + self.kernel_size - 1
        if len(before) == 2:
            before[1] = before[1] and before[1] - self.context + 1
        return (*before, (bands - width) // self.pool_strides + 1, self.filters)

    def get_config(self):
        """Describe the arguments."""
        names = ("filters", "kernel_size", "context", "pool_size", "pool_strides")
        own = {name: getattr(self, name) for name in names}
        own["activation"] = keras.activations.serialize(self.activation)
        return {**super().get_config(), **own}
