"""The survey's layers as serializable Keras layers that train anywhere and export to TFLite."""

from kerascnn.backend import require_tensorflow_backend

require_tensorflow_backend()

from kerascnn.layers.anchors import anchor_boxes, default_boxes
from kerascnn.layers.attention import (
    AttentionOnAttention,
    CRFAttention,
    LocalSparseAttention2D,
    SelfAttention2D,
    SetAttentionBlock,
    SetTransformer,
)
from kerascnn.layers.bicubic_resampling import BicubicResampling
from kerascnn.layers.blocks import (
    ConcatShortcut,
    FactorizedInception,
    HourglassResidual,
    Inception,
    MixedKernels,
    PreActivationResidual,
    Residual,
)
from kerascnn.layers.boxes import decode_boxes, decode_cells, encode_boxes
from kerascnn.layers.capsules import (
    Capsule,
    CapsuleDecoder,
    CapsuleLength,
    CapsuleMask,
    ClassCapsule,
    ConvCapsule,
    PartCapsules,
    PartVotes,
    PrimaryCapsules,
    PrimaryMatrixCapsules,
    TemplateDecoder,
    Tint,
    canvas_mean,
    canvas_nats,
    dynamic_routing,
    em_routing,
    geometric_pose,
    squash,
)
from kerascnn.layers.convolution import (
    BilinearKernel,
    ContextModule,
    ConvBlock,
    DilatedConv1D,
    DilatedConv1DTranspose,
    DilatedConv2D,
    DilatedConv2DTranspose,
    IdentityKernel,
    LimitedWeightSharing,
)
from kerascnn.layers.crop_like import CropLike
from kerascnn.layers.crops import crop_around
from kerascnn.layers.deltas import Deltas
from kerascnn.layers.gaussian_maps import LearnedPlaces, gaussian_maps
from kerascnn.layers.gaussian_sampling import GaussianSampling
from kerascnn.layers.log_mel import LogMel
from kerascnn.layers.max_unpooling import MaxUnpooling2D
from kerascnn.layers.maxout import Maxout
from kerascnn.layers.normalization import (
    ConditionalBatchNormalization,
    EqualizedConv2D,
    EqualizedDense,
    LocalResponseNormalization,
    MinibatchStandardDeviation,
    PixelNormalization,
    SpectralNormalization,
)
from kerascnn.layers.salt_and_pepper import SaltAndPepper
from kerascnn.layers.uniform_noise import UniformNoise

__all__ = [
    "AttentionOnAttention",
    "BicubicResampling",
    "BilinearKernel",
    "CRFAttention",
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
    "CropLike",
    "Deltas",
    "DilatedConv1D",
    "DilatedConv1DTranspose",
    "DilatedConv2D",
    "DilatedConv2DTranspose",
    "EqualizedConv2D",
    "EqualizedDense",
    "FactorizedInception",
    "GaussianSampling",
    "HourglassResidual",
    "IdentityKernel",
    "Inception",
    "LearnedPlaces",
    "LimitedWeightSharing",
    "LocalResponseNormalization",
    "LocalSparseAttention2D",
    "LogMel",
    "MaxUnpooling2D",
    "Maxout",
    "MinibatchStandardDeviation",
    "MixedKernels",
    "PartCapsules",
    "PartVotes",
    "PixelNormalization",
    "PreActivationResidual",
    "PrimaryCapsules",
    "PrimaryMatrixCapsules",
    "Residual",
    "SaltAndPepper",
    "SelfAttention2D",
    "SetAttentionBlock",
    "SetTransformer",
    "SpectralNormalization",
    "TemplateDecoder",
    "Tint",
    "UniformNoise",
    "anchor_boxes",
    "canvas_mean",
    "canvas_nats",
    "crop_around",
    "decode_boxes",
    "decode_cells",
    "default_boxes",
    "dynamic_routing",
    "em_routing",
    "encode_boxes",
    "gaussian_maps",
    "geometric_pose",
    "squash",
]
