"""Chains of layers side by side, written down as a table."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

_POOLS = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}


class Branches(layers.Layer):
    """Runs its input through several chains of layers and concatenates what they give.

    Args:
        table: A line for each branch, of steps from left to right: `"3x3"` or `"1x7"` is a
            convolution with a kernel of this height and width, `"max"` or `"average"` a pool of
            3x3 pixels, `"1x3|3x1"` two last steps side by side. `"3x3/2"` has strides 2 and no
            padding; all else keeps the sides.
        filters: For each branch the channels of its convolutions.
        activation: Activation after each convolution.
        normalization: Arguments of the batch normalisation between a convolution, which then
            has no bias, and its activation; None for neither.
        **kwargs: `name`, `dtype` and the like.
    """

    def __init__(
        self,
        table: Sequence[str],
        filters: Sequence[Sequence[int]],
        *,
        activation: Any,
        normalization: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)
        self.normalization = normalization
        self.steps: list[layers.Layer] = []  # Keras saves no weights of lists in lists
        self.branches = [
            self._branch(f"branch{place}", line.split(), counts)
            for place, (line, counts) in enumerate(zip(table, filters, strict=True), 1)
        ]
        self.concatenate = layers.Concatenate(name="concatenate", dtype=self.dtype_policy)

    def build(self, input_shape):
        """Create the weights of all branches."""
        self._outputs(input_shape, _build)
        self.built = True

    def call(self, inputs):
        """Concatenate the outputs of the branches."""
        return self.concatenate(self._outputs(inputs, lambda layer, x: layer(x)))

    def compute_output_shape(self, input_shape):
        """Give the shape of the concatenation."""
        shapes = self._outputs(input_shape, lambda layer, shape: layer.compute_output_shape(shape))
        return (*shapes[0][:-1], sum(shape[-1] for shape in shapes))

    def _outputs(self, x, apply):
        """Fold `apply(layer, x)` over each branch."""
        outputs = []
        for stem, ends in self.branches:
            inner = x
            for layer in stem:
                inner = apply(layer, inner)
            for end in ends:
                outer = inner
                for layer in end:
                    outer = apply(layer, outer)
                outputs.append(outer)
        return outputs

    def _branch(self, name, words, filters):
        """Make the layers of a branch: those of its stem, and those of each end."""
        counts = iter(filters)
        *stem, ends = [
            self._steps(f"{name}_{place}", word, counts) for place, word in enumerate(words, 1)
        ]
        return [layer for step in stem for part in step for layer in part], ends

    def _steps(self, name, word, counts):
        """Make the layers of each alternative of one step."""
        kind, _, strides = word.partition("/")
        own = {"strides": int(strides or 1), "padding": "valid" if strides else "same"}
        if kind in _POOLS:
            pool = _POOLS[kind](3, **own, name=f"{name}_pool", dtype=self.dtype_policy)
            self.steps.append(pool)
            return [[pool]]
        count, kernels = next(counts), kind.split("|")
        names = [f"{name}{letter}" for letter in "ab"] if len(kernels) > 1 else [name]
        return [
            self._convolution(inner, count, [int(side) for side in kernel.split("x")], own)
            for inner, kernel in zip(names, kernels, strict=True)
        ]

    def _convolution(self, name, filters, kernel_size, own):
        """Make a convolution, and what stands between it and the next one."""
        own = {"dtype": self.dtype_policy, "use_bias": self.normalization is None, **own}
        steps = [layers.Conv2D(filters, kernel_size, **own, name=f"{name}_conv")]
        own = {"dtype": self.dtype_policy}
        if self.normalization is not None:
            options = {**self.normalization, **own}
            steps.append(layers.BatchNormalization(scale=False, **options, name=f"{name}_bn"))
        if self.activation is not keras.activations.linear:
            steps.append(layers.Activation(self.activation, **own, name=f"{name}_activation"))
        self.steps += steps
        return steps


def _build(layer, shape):
    layer.build(shape)
    return layer.compute_output_shape(shape)


def check_counts(**counts: Any) -> None:
    """Refuse channel counts, in nested tuples or alone, that are not positive integers."""
    flat = keras.tree.flatten(list(counts.values()))
    if not all(isinstance(count, int) and count > 0 for count in flat if count is not None):
        received = ", ".join(f"{name}={value}" for name, value in counts.items())
        raise ValueError(f"Channel counts must be positive integers. Received: {received}")
