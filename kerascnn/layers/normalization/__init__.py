"""Normalisations that Keras does not have."""

from kerascnn.layers.normalization.conditional_batch import ConditionalBatchNormalization
from kerascnn.layers.normalization.equalized import EqualizedConv2D, EqualizedDense
from kerascnn.layers.normalization.local_response import LocalResponseNormalization
from kerascnn.layers.normalization.minibatch_stddev import MinibatchStandardDeviation
from kerascnn.layers.normalization.pixel import PixelNormalization
from kerascnn.layers.normalization.spectral import SpectralNormalization

__all__ = [
    "ConditionalBatchNormalization",
    "EqualizedConv2D",
    "EqualizedDense",
    "LocalResponseNormalization",
    "MinibatchStandardDeviation",
    "PixelNormalization",
    "SpectralNormalization",
]
