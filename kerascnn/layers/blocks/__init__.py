"""Blocks of several convolutions: shortcuts around them, and mixed kernels side by side."""

from kerascnn.layers.blocks.concat_shortcut import ConcatShortcut
from kerascnn.layers.blocks.factorized_inception import FactorizedInception
from kerascnn.layers.blocks.hourglass_residual import HourglassResidual
from kerascnn.layers.blocks.inception import Inception
from kerascnn.layers.blocks.mixed_kernels import MixedKernels
from kerascnn.layers.blocks.preactivation_residual import PreActivationResidual
from kerascnn.layers.blocks.residual import Residual

__all__ = [
    "ConcatShortcut",
    "FactorizedInception",
    "HourglassResidual",
    "Inception",
    "MixedKernels",
    "PreActivationResidual",
    "Residual",
]
