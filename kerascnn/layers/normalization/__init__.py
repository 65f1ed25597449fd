"""Normalisations that Keras does not have."""

from kerascnn.layers.normalization.local_response import LocalResponseNormalization

__all__ = ["LocalResponseNormalization"]
