"""The survey's layers as serializable Keras layers that train anywhere and export to TFLite."""

from kerascnn.backend import require_tensorflow_backend

require_tensorflow_backend()

from kerascnn.layers.concat_shortcut import ConcatShortcut
from kerascnn.layers.gaussian_sampling import GaussianSampling
from kerascnn.layers.preactivation_residual import PreActivationResidual
from kerascnn.layers.residual import Residual

__all__ = [
    "ConcatShortcut",
    "GaussianSampling",
    "PreActivationResidual",
    "Residual",
]
