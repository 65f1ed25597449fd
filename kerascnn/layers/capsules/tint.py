"""Colours that depend on the example."""

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="kerascnn")
class Tint(layers.Layer):
    """Multiplies what each part draws by a colour that its special features decide.

    The colour is a sigmoid, from one hidden layer. To tint a template and to tint its drawing is
    the same; the background has no tint.

    Args:
        units: Width of the hidden layer, at least 1.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `[colors, features]`: what `TemplateDecoder` draws,
            `(batch, parts + 1, height, width, channels)`, and `(batch, parts, features)`.

    Output shape:
        The shape of the colours.

    Raises:
        ValueError: If the hidden layer has no units.

    Example:
        >>> Tint()([keras.Input((41, 40, 40, 1)), keras.Input((40, 16))]).shape
        (None, 41, 40, 40, 1)

    Reference:
        https://arxiv.org/abs/1906.06818 (the authors' code)
    """

    def __init__(self, *, units: int = 32, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(f"Counts must be positive. Received: {units=}")
        self.units = units

    def build(self, input_shape):
        """Create the weights."""
        (*_, channels), features = input_shape
        own = {"dtype": self.dtype_policy}
        self.hidden = layers.Dense(self.units, "relu", name="hidden", **own)
        self.tints = layers.Dense(channels, "sigmoid", name="tints", **own)
        self.hidden.build(features)
        self.tints.build((*features[:-1], self.units))
        self.built = True

    def call(self, inputs):
        """Tint all but the background."""
        colors, features = inputs
        tints = ops.expand_dims(self.tints(self.hidden(features)), axis=(2, 3))
        return ops.concatenate([colors[:, :-1] * tints, colors[:, -1:]], axis=1)

    def compute_output_shape(self, input_shape):
        """Give the shape of the colours."""
        return tuple(input_shape[0])

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "units": self.units}
