"""Batch normalisation over the batch of all replicas."""

from __future__ import annotations

import keras


def synchronize_normalization(model: keras.Model) -> None:
    """Let batch normalisation see the batch of all replicas, as it does on one device.

    By itself each replica normalises by its own part, and keeps averages of its own, of which the
    first replica's are saved.

    Args:
        model: A built model; all its layers of batch normalisation change.
    """
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True
