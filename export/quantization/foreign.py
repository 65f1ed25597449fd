"""What a quantizer of tensorflow-model-optimization expects around it, made of Keras 3."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from ..tfmot import load_tfmot


class Owner:
    """Stands for the Keras 2 layer that a quantizer wants its variables from."""

    def __init__(self, layer: Any, existing: dict[str, str] | None = None) -> None:
        self.layer = layer
        self.existing = existing or {}

    def add_weight(
        self, name: str, initializer: Any = None, trainable: bool = False, shape: Any = None
    ) -> Any:
        """Create a variable of the Keras 3 layer."""
        start = float(getattr(initializer, "value", 0.0))
        for ending, attribute in self.existing.items():
            if name.endswith(ending):
                getattr(self.layer, attribute).assign(start)
                return getattr(self.layer, attribute)
        return self.layer.add_weight(
            name=name,
            shape=(shape,) if isinstance(shape, int) else tuple(shape or ()),
            initializer=keras.initializers.Constant(start),
            trainable=trainable,
            aggregation="mean",
        )


def apply(quantizer: Any, tensor: Any, training: bool, state: dict[str, Any]) -> Any:
    """Round a tensor in single precision; the quantizers take raw variables only."""
    single = tf.cast(tensor, tf.float32)
    weights = {name: getattr(variable, "value", variable) for name, variable in state.items()}
    return tf.cast(quantizer(single, training, weights=weights), tensor.dtype)


def describe(quantizer: Any) -> dict[str, Any]:
    """Give what a `.keras` file keeps of a quantizer."""
    return {"class_name": type(quantizer).__name__, "config": quantizer.get_config()}


def revive(quantizer: Any) -> Any:
    """Make a quantizer of what `describe` gave; one that is made already stays."""
    if not isinstance(quantizer, dict):
        return quantizer
    known = load_tfmot().quantization.keras.quantizers
    return getattr(known, quantizer["class_name"])(**quantizer["config"])
