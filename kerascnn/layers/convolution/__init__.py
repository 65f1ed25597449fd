"""Convolutions, plain, dilated and transposed, and what is made of them alone."""

from kerascnn.layers.convolution.bilinear_kernel import BilinearKernel
from kerascnn.layers.convolution.context_module import ContextModule
from kerascnn.layers.convolution.conv_block import ConvBlock
from kerascnn.layers.convolution.dilated_conv import DilatedConv1D, DilatedConv2D
from kerascnn.layers.convolution.dilated_conv_transpose import (
    DilatedConv1DTranspose,
    DilatedConv2DTranspose,
)
from kerascnn.layers.convolution.identity_kernel import IdentityKernel
from kerascnn.layers.convolution.limited_weight_sharing import LimitedWeightSharing

__all__ = [
    "BilinearKernel",
    "ContextModule",
    "ConvBlock",
    "DilatedConv1D",
    "DilatedConv1DTranspose",
    "DilatedConv2D",
    "DilatedConv2DTranspose",
    "IdentityKernel",
    "LimitedWeightSharing",
]
