"""The survey's layers as serializable Keras layers that train anywhere and export to TFLite."""

from kerascnn.backend import require_tensorflow_backend

require_tensorflow_backend()

from kerascnn.layers.capsules import (
    Capsule,
    CapsuleDecoder,
    CapsuleLength,
    CapsuleMask,
    ClassCapsule,
    ConvCapsule,
    PrimaryCapsules,
    PrimaryMatrixCapsules,
    SetAttentionBlock,
    SetTransformer,
    TemplateDecoder,
    canvas_mean,
    canvas_nats,
    dynamic_routing,
    em_routing,
    geometric_pose,
    squash,
)
from kerascnn.layers.concat_shortcut import ConcatShortcut
from kerascnn.layers.context_module import ContextModule
from kerascnn.layers.conv_block import ConvBlock
from kerascnn.layers.dilated_conv import DilatedConv1D, DilatedConv2D
from kerascnn.layers.dilated_conv_transpose import DilatedConv1DTranspose, DilatedConv2DTranspose
from kerascnn.layers.factorized_inception import FactorizedInception
from kerascnn.layers.gaussian_sampling import GaussianSampling
from kerascnn.layers.identity_kernel import IdentityKernel
from kerascnn.layers.inception import Inception
from kerascnn.layers.local_sparse_attention import LocalSparseAttention2D
from kerascnn.layers.mixed_kernels import MixedKernels
from kerascnn.layers.normalization import (
    ConditionalBatchNormalization,
    EqualizedConv2D,
    EqualizedDense,
    LocalResponseNormalization,
    MinibatchStandardDeviation,
    PixelNormalization,
)
from kerascnn.layers.preactivation_residual import PreActivationResidual
from kerascnn.layers.residual import Residual
from kerascnn.layers.self_attention import SelfAttention2D

__all__ = [
    "Capsule",
    "CapsuleDecoder",
    "CapsuleLength",
    "CapsuleMask",
    "ClassCapsule",
    "ConcatShortcut",
    "ConditionalBatchNormalization",
    "ContextModule",
    "ConvBlock",
    "ConvCapsule",
    "DilatedConv1D",
    "DilatedConv1DTranspose",
    "DilatedConv2D",
    "DilatedConv2DTranspose",
    "EqualizedConv2D",
    "EqualizedDense",
    "FactorizedInception",
    "GaussianSampling",
    "IdentityKernel",
    "Inception",
    "LocalResponseNormalization",
    "LocalSparseAttention2D",
    "MinibatchStandardDeviation",
    "MixedKernels",
    "PixelNormalization",
    "PreActivationResidual",
    "PrimaryCapsules",
    "PrimaryMatrixCapsules",
    "Residual",
    "SelfAttention2D",
    "SetAttentionBlock",
    "SetTransformer",
    "TemplateDecoder",
    "canvas_mean",
    "canvas_nats",
    "dynamic_routing",
    "em_routing",
    "geometric_pose",
    "squash",
]
