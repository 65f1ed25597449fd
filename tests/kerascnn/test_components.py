"""The promises that every public layer and loss keeps. A new one fails until it has its row."""

import contextlib
import dataclasses
import inspect
import json
import subprocess
import sys
import zlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn import edge, export, layers, losses


@dataclasses.dataclass
class Case:
    """Arguments of a layer, and the shapes of its inputs without the batch."""

    arguments: dict[str, Any]
    inputs: Sequence[tuple[int, ...]]


@dataclasses.dataclass
class LossCase:
    """Arguments of a loss, its targets, and its predictions or their shape without the batch."""

    arguments: dict[str, Any]
    targets: Any
    predictions: Any


class Cases:
    """A row: the cases, which together give every argument a value other than its default.

    `wrong` holds updates of the first case's arguments that are refused, `unsupported` the
    reasons why a layer cannot be exported as this or that, `decibels` how close to Keras it is
    there, if not as close as others.
    """

    def __init__(self, *cases, wrong=(), unsupported=(), decibels=()):
        self.cases = cases
        self.wrong = wrong
        self.unsupported = dict(unsupported)
        self.decibels = {"float32": 80.0, "int8": 20.0, **dict(decibels)}


WRONG_ROUTING = [
    {"capsules": 0},
    {"iterations": 0},
    {"inverse_temperature": 0.0},
    {"epsilon": 0.0},
]
LAYERS = {
    "AttentionOnAttention": Cases(
        Case({"num_heads": 2}, [(3, 8), (5, 8), (5, 8)]),
        Case({"num_heads": 1, "project": False, "normalize": True}, [(3, 8), (5, 8), (5, 8)]),
        wrong=[{"num_heads": 0}],
    ),
    "BicubicResampling": Cases(
        Case({"up": 3}, [(4, 5, 2)]),
        Case({"down": 2}, [(6, 8, 1)]),
        wrong=[{"up": 0}, {"down": 0}],
    ),
    "CRFAttention": Cases(
        Case({}, [(6, 5, 4)]),
        Case({"kernel_size": 3, "iterations": 1}, [(4, 4, 3)]),
        wrong=[{"kernel_size": 0}, {"iterations": 0}],
    ),
    "Capsule": Cases(
        Case({"capsules": 3, "dim": 4}, [(6, 5)]),
        Case(
            {"capsules": 4, "dim": 8, "iterations": 2, "kernel_initializer": "glorot_normal"},
            [(7, 6)],
        ),
        Case({"capsules": 2, "dim": 4, "iterations": 1}, [(6, 5)]),
        wrong=[{"capsules": 0}, {"dim": 0}, {"iterations": 0}],
    ),
    "CapsuleDecoder": Cases(
        Case({"image_shape": [4, 4, 2]}, [(5, 3)]),
        Case({"image_shape": [6, 4, 1], "units": [8]}, [(5, 3), (5,)]),
        wrong=[{"image_shape": [4, 0, 2]}, {"units": [8, 0]}],
    ),
    "CapsuleLength": Cases(Case({}, [(5, 3)]), Case({}, [(2, 5, 4)])),
    "CapsuleMask": Cases(Case({}, [(5, 3)]), Case({}, [(5, 3), (5,)])),
    "ClassCapsule": Cases(
        Case(
            {"capsules": 3, "inverse_temperature": 0.1, "epsilon": 1e-2}, [(3, 3, 4, 16), (3, 3, 4)]
        ),
        Case(
            {"capsules": 2, "iterations": 1, "kernel_initializer": "orthogonal"},
            [(2, 3, 4, 16), (2, 3, 4)],
        ),
        wrong=WRONG_ROUTING,
        decibels={"int8": 8.0},
    ),
    "ConcatShortcut": Cases(Case({}, [(8, 8, 2), (4, 4, 3)])),
    "ConditionalBatchNormalization": Cases(
        Case({}, [(5, 4, 3), (6,)]),
        Case(
            {
                "momentum": 0.8,
                "epsilon": 1e-3,
                "kernel_initializer": "orthogonal",
                "spectral_normalization": True,
            },
            [(5, 4, 3), (6,)],
        ),
        wrong=[{"momentum": 1.0}, {"epsilon": 0.0}],
    ),
    "ContextModule": Cases(
        Case({"dilation_rates": (1, 2, 1, 4, 1, 2, 1)}, [(12, 12, 3)]),
        Case({"variant": "large"}, [(10, 10, 1)]),
        wrong=[{"variant": "small"}, {"dilation_rates": (1, 2, 4)}],
    ),
    "ConvBlock": Cases(
        Case(
            {
                "filters": 4,
                "kernel_size": 3,
                "strides": 2,
                "dilation_rate": 2,
                "padding": 2,
                "normalization": "batch",
                "activation": "tanh",
                "pooling": "average",
                "pool_size": 3,
                "pool_strides": 2,
            },
            [(14, 14, 3)],
        ),
        Case(
            {
                "filters": 4,
                "kernel_size": 3,
                "padding": "same",
                "normalization": keras.layers.BatchNormalization(momentum=0.5, name="given"),
                "pooling": "max",
                "groups": 2,
                "use_bias": False,
            },
            [(8, 8, 2)],
        ),
        wrong=[
            {"filters": 0},
            {"kernel_size": 0},
            {"strides": 0},
            {"padding": -1},
            {"dilation_rate": 0},
            {"normalization": "layer"},
            {"pooling": "min"},
            {"pool_size": 0},
            {"pool_strides": -1},
        ],
    ),
    "ConvCapsule": Cases(
        Case(
            {"capsules": 3, "strides": 2, "inverse_temperature": 0.1, "epsilon": 1.0},
            [(5, 5, 2, 16), (5, 5, 2)],
        ),
        Case(
            {
                "capsules": 2,
                "kernel_size": 2,
                "iterations": 1,
                "kernel_initializer": "orthogonal",
            },
            [(3, 4, 4, 16), (3, 4, 4)],
        ),
        wrong=[*WRONG_ROUTING, {"kernel_size": 0}, {"strides": 0}],
        decibels={"int8": 8.0},
    ),
    "DilatedConv1D": Cases(
        Case(
            {
                "filters": 4,
                "kernel_size": 3,
                "strides": 2,
                "dilation_rate": 2,
                "padding": "causal",
            },
            [(16, 3)],
        ),
        Case({"filters": 2, "kernel_size": 2, "strides": 3, "dilation_rate": 2}, [(11, 3)]),
        wrong=[
            {"filters": 0},
            {"kernel_size": 0},
            {"strides": -1},
            {"padding": "full"},
            {"dilation_rate": 0},
        ],
    ),
    "DilatedConv1DTranspose": Cases(
        Case(
            {
                "filters": 4,
                "kernel_size": 3,
                "strides": 2,
                "dilation_rate": 2,
                "padding": "same",
                "output_padding": 1,
            },
            [(8, 3)],
        ),
        Case({"filters": 4, "kernel_size": 3, "strides": 2, "dilation_rate": 3}, [(8, 3)]),
        wrong=[
            {"filters": 0},
            {"kernel_size": (3, 3)},
            {"strides": 0},
            {"padding": "causal"},
            {"output_padding": 2},
            {"dilation_rate": 0},
        ],
    ),
    "DilatedConv2D": Cases(
        Case(
            {
                "filters": 4,
                "kernel_size": 3,
                "strides": 2,
                "dilation_rate": 2,
                "padding": "same",
                "activation": "relu",
                "groups": 2,
                "use_bias": False,
                "kernel_initializer": "he_normal",
                "kernel_regularizer": "l2",
            },
            [(12, 12, 4)],
        ),
        Case({"filters": 2, "kernel_size": 2, "strides": 2, "dilation_rate": 3}, [(11, 10, 3)]),
        wrong=[
            {"filters": -2},
            {"kernel_size": (3, 0)},
            {"strides": (1, 2, 2)},
            {"padding": "causal"},
            {"dilation_rate": 0},
        ],
    ),
    "DilatedConv2DTranspose": Cases(
        Case(
            {
                "filters": 4,
                "kernel_size": 3,
                "strides": 2,
                "dilation_rate": 2,
                "padding": "same",
                "output_padding": 1,
                "activation": "relu",
                "use_bias": False,
                "kernel_initializer": "he_normal",
            },
            [(6, 6, 3)],
        ),
        Case({"filters": 4, "kernel_size": 3, "dilation_rate": 4}, [(6, 6, 3)]),
        Case({"filters": 2, "kernel_size": 3, "strides": 2, "dilation_rate": 3}, [(6, 6, 3)]),
        Case({"filters": 2, "kernel_size": 3, "strides": 3, "dilation_rate": 2}, [(6, 6, 3)]),
        Case({"filters": 2, "kernel_size": 3, "strides": 4, "dilation_rate": 2}, [(6, 6, 3)]),
        wrong=[
            {"filters": 0},
            {"kernel_size": 0},
            {"strides": 0},
            {"padding": "causal"},
            {"output_padding": 2},
            {"dilation_rate": (1, 0)},
        ],
    ),
    "EqualizedConv2D": Cases(
        Case({"filters": 3, "kernel_size": 3, "gain": 0.5, "padding": "same"}, [(6, 5, 4)]),
        wrong=[{"gain": 0.0}],
    ),
    "EqualizedDense": Cases(
        Case({"units": 3, "gain": 0.5}, [(8,)]),
        wrong=[{"gain": -1.0}],
    ),
    "FactorizedInception": Cases(
        Case({"block": "a", "filters": ((3,), (2, 3), (2, 3, 2), (1,))}, [(8, 7, 3)]),
        Case({"block": "a_3x3", "filters": ((3,), (2, 3), (2, 3, 2), (1,))}, [(8, 7, 3)]),
        Case({"block": "b", "filters": ((3,), (2, 2, 3), (2, 1, 2, 1, 3), (1,))}, [(8, 7, 3)]),
        Case({"block": "c", "filters": ((3,), (2, 1), (2, 3, 1), (1,))}, [(4, 4, 3)]),
        Case(
            {
                "block": "reduction_a",
                "filters": ((3,), (2, 2, 3), ()),
                "activation": "tanh",
                "momentum": 0.8,
                "epsilon": 1e-2,
            },
            [(8, 7, 3)],
        ),
        Case({"block": "reduction_b", "filters": ((2, 3), (2, 1, 2, 3), ())}, [(8, 7, 3)]),
        wrong=[{"block": "d"}, {"filters": ((3,), (2, 3), (2, 3), (1,))}, {"filters": ((0,),)}],
    ),
    "GaussianSampling": Cases(Case({"seed": 3}, [(5,), (5,)])),
    "HourglassResidual": Cases(
        Case({"filters": 4, "pooled": True, "momentum": 0.8, "epsilon": 1e-3}, [(8, 6, 4)]),
        Case({"filters": 6}, [(5, 5, 4)]),
        wrong=[{"filters": 0}, {"filters": 3}],
    ),
    "Inception": Cases(
        Case({"filters": (2, 3, 1), "reductions": (2, 1), "pool_filters": 2}, [(6, 5, 3)]),
        Case({"filters": (2, 3, 1), "reductions": (None, 1), "activation": "tanh"}, [(6, 5, 3)]),
        Case(
            {
                "filters": (2, 3, 1),
                "batch_normalization": True,
                "momentum": 0.8,
                "epsilon": 1e-2,
            },
            [(6, 5, 3)],
        ),
        wrong=[{"filters": (2, 3)}, {"reductions": (2,)}, {"pool_filters": 0}],
    ),
    "LearnedPlaces": Cases(Case({"places": 3}, [(4, 5, 1)]), wrong=[{"places": 0}]),
    "LimitedWeightSharing": Cases(
        Case({"filters": 3, "kernel_size": 2}, [(9, 2)]),
        Case({"filters": 3, "kernel_size": 2, "context": 3}, [(4, 9, 2)]),
        Case(
            {
                "filters": 3,
                "kernel_size": 3,
                "pool_size": 4,
                "pool_strides": 3,
                "activation": "relu",
            },
            [(12, 2)],
        ),
        wrong=[{"filters": 0}, {"kernel_size": 0}, {"pool_size": 0}, {"pool_strides": 0}],
    ),
    "LogMel": Cases(
        Case({"bands": 6, "sample_rate": 4000, "window": 0.016, "hop": 0.006}, [(500,)]),
        Case({"bands": 8, "floor": 1e-2}, [(960,)]),
        wrong=[{"bands": 0}, {"sample_rate": 0}, {"window": 0.0}, {"hop": 0.1}, {"floor": 0.0}],
    ),
    "LocalResponseNormalization": Cases(
        Case({"size": 3, "bias": 1.0, "alpha": 0.1, "beta": 0.5}, [(6, 6, 8)]),
        Case({"beta": 0.6}, [(6, 6, 8)]),
        wrong=[{"size": 4}, {"bias": 0.0}, {"alpha": -0.1}, {"beta": 0.0}],
    ),
    "LocalSparseAttention2D": Cases(
        Case({}, [(6, 8, 64)]),
        Case(
            {
                "heads": 2,
                "patterns": ("left_floor", "left_repetitive"),
                "stride": 3,
                "key_channels": 2,
                "value_channels": 4,
                "pool_size": 1,
            },
            [(4, 5, 6)],
        ),
        wrong=[{"heads": 6}, {"patterns": ("up",)}, {"stride": 0}, {"pool_size": 0}],
    ),
    "CropLike": Cases(
        Case({}, [(5, 6, 2), (4, 4, 3)]),
        Case({"offset": 1}, [(5, 6, 2), (4, 4, 3)]),
        wrong=[{"offset": -1}],
    ),
    "Deltas": Cases(
        Case({}, [(7, 3)]),
        Case({"order": 1, "width": 3}, [(5, 2)]),
        wrong=[{"order": 0}, {"width": 0}],
    ),
    "Maxout": Cases(Case({"pieces": 3}, [(4, 6)]), wrong=[{"pieces": 0}]),
    "MaxUnpooling2D": Cases(
        Case({}, [(3, 4, 2), (6, 8, 2)]),
        Case({"pool_size": 3}, [(2, 2, 3), (6, 6, 3)]),
        wrong=[{"pool_size": 1}],
        decibels={"int8": 6.0},  # rounding makes ties, and another place wins
    ),
    "MinibatchStandardDeviation": Cases(
        Case({"group_size": 2, "epsilon": 1e-3}, [(4, 4, 3)]),
        wrong=[{"group_size": 0}, {"epsilon": 0.0}],
    ),
    "MixedKernels": Cases(
        Case({"filters": (2, 3, 1)}, [(6, 5, 3)]),
        Case({"filters": (2, 1), "kernel_sizes": (3, 7), "activation": "relu"}, [(6, 5, 3)]),
        wrong=[{"filters": (2, 0, 1)}, {"filters": (2, 3)}, {"kernel_sizes": (1, 3, -5)}],
    ),
    "PartCapsules": Cases(
        Case({"parts": 3, "features": 2}, [(2, 3, 4)]),
        wrong=[{"parts": 0}, {"features": 0}],
    ),
    "PartVotes": Cases(
        Case({"parts": 4}, [(3, 5)]),
        wrong=[{"parts": 0}],
        unsupported={"int8": "there are no sines in integers"},
    ),
    "PixelNormalization": Cases(
        Case({"epsilon": 1e-4}, [(4, 4, 8)]),
        wrong=[{"epsilon": 0.0}],
    ),
    "PreActivationResidual": Cases(
        Case({"filters": 4, "strides": 2, "shortcut": "projection"}, [(8, 8, 3)]),
        Case(
            {
                "filters": 2,
                "bottleneck": True,
                "activation": "tanh",
                "use_bias": True,
                "momentum": 0.8,
                "epsilon": 1e-3,
            },
            [(6, 6, 8)],
        ),
        Case({"filters": 4, "strides": 2, "shortcut": "zero_padding"}, [(8, 8, 3)]),
        wrong=[{"filters": 0}, {"strides": 0}, {"shortcut": "none"}],
    ),
    "PrimaryCapsules": Cases(
        Case(
            {"capsules": 2, "dim": 4, "kernel_size": 3, "kernel_initializer": "he_normal"},
            [(7, 7, 3)],
        ),
        Case(
            {"capsules": 3, "dim": 2, "kernel_size": 5, "strides": 1, "padding": "same"},
            [(5, 4, 2)],
        ),
        decibels={"int8": 15.0},  # the squash squares what is short already
        wrong=[
            {"capsules": 0},
            {"dim": 0},
            {"kernel_size": 0},
            {"strides": 0},
            {"padding": "full"},
        ],
    ),
    "PrimaryMatrixCapsules": Cases(
        Case({"capsules": 3, "kernel_initializer": "he_normal"}, [(4, 5, 6)]),
        wrong=[{"capsules": 0}],
    ),
    "Residual": Cases(
        Case({"filters": 4, "strides": 2, "shortcut": "projection"}, [(8, 8, 3)]),
        Case(
            {
                "filters": 2,
                "bottleneck": True,
                "activation": "tanh",
                "use_bias": True,
                "momentum": 0.8,
                "epsilon": 1e-3,
            },
            [(6, 6, 8)],
        ),
        Case({"filters": 4, "strides": 2, "shortcut": "zero_padding"}, [(8, 8, 3)]),
        wrong=[{"filters": 0}, {"strides": 0}, {"shortcut": "none"}],
    ),
    "SaltAndPepper": Cases(Case({"rate": 0.3, "seed": 3}, [(5,)]), wrong=[{"rate": 0.0}]),
    "SelfAttention2D": Cases(
        Case({}, [(6, 4, 8)]),
        Case({"key_channels": 2, "value_channels": 3, "pool_size": 1}, [(4, 4, 5)]),
        Case({"spectral_normalization": True}, [(6, 4, 8)]),
        wrong=[{"key_channels": 0}, {"value_channels": 0}, {"pool_size": 0}],
    ),
    "SetAttentionBlock": Cases(Case({"heads": 2}, [(6, 4)]), wrong=[{"heads": 0}]),
    "SetTransformer": Cases(
        Case({"outputs": 3, "output_dim": 8, "depth": 2, "heads": 2, "dim": 4}, [(6, 5)]),
        wrong=[{"outputs": 0}, {"output_dim": 7}, {"depth": 0}, {"heads": 0}, {"dim": 3}],
    ),
    "SpectralNormalization": Cases(
        Case({"layer": keras.layers.Conv2D(4, 3, name="conv")}, [(6, 5, 3)]),
        Case(
            {
                "layer": keras.layers.Dense(4, activation="relu", name="dense"),
                "power_iterations": 3,
                "epsilon": 1e-6,
            },
            [(5,)],
        ),
        wrong=[{"power_iterations": 0}, {"epsilon": 0.0}],
    ),
    "TemplateDecoder": Cases(
        Case(
            {
                "parts": 3,
                "image_size": [5, 6],
                "template_size": 4,
                "channels": 2,
                "template_initializer": "random_normal",
            },
            [(3, 6), (3,)],
        ),
        wrong=[{"parts": 0}, {"image_size": [5, 1]}, {"template_size": 1}, {"channels": 0}],
        unsupported={"int8": "the inverse of a pose divides by what eight bits round to 0"},
    ),
    "Tint": Cases(Case({"units": 4}, [(4, 3, 2, 3), (3, 5)]), wrong=[{"units": 0}]),
    "UniformNoise": Cases(Case({"width": 2.0, "seed": 3}, [(5,)]), wrong=[{"width": 0.0}]),
}
PROBABILITIES = 0.8 * np.random.default_rng(0).dirichlet(np.ones(4), (2, 5)) + 0.05
ANCHORS = [[y, x, y + 0.5, x + 0.5] for y in (0.0, 0.5) for x in (0.0, 0.5)]
OBJECTS = np.array(
    [[[1, 0.1, 0.1, 0.4, 0.6], [3, 0.5, 0.6, 0.9, 1.0]], [[2, 0, 0.5, 0.6, 1], [-1, 0, 0, 0, 0]]]
)
PLACES = np.array([[[0.1, 0.9, 1.0], [0.5, 0.4, 1.0]], [[0.7, 0.2, 1.0], [0.0, 0.0, 0.0]]])
LOSSES = {
    "CapsuleMargin": Cases(
        LossCase({"present": 0.8, "absent": 0.2}, np.array([0, 2, 1, 2, 0, 1]), (3,)),
        LossCase({"absent_weight": 0.25}, np.eye(3)[[0, 2, 1, 2]], (3,)),
        wrong=[{"present": 1.5}, {"absent": 0.95}, {"absent_weight": -1.0}],
    ),
    "Contrastive": Cases(
        LossCase({}, np.array([0, 0, 1, 1, 2, 2]), (3,)),
        LossCase(
            {"form": "survey", "margin": 2.0, "distance": "cosine", "across_replicas": False},
            np.array([0, 0, 1, 1, 2, 2]),
            (3,),
        ),
        LossCase(
            {"mining": None, "match_label": 0, "normalize": True, "form": "legacy"},
            np.array([0.0, 1.0, 1.0]),
            (2, 3),
        ),
        wrong=[
            {"form": "none"},
            {"margin": 0.0},
            {"distance": "far"},
            {"mining": "hard"},
            {"match_label": 2},
        ],
    ),
    "FDivergence": Cases(
        LossCase({}, PROBABILITIES[0], PROBABILITIES[1]),
        LossCase({"divergence": "squared_hellinger"}, PROBABILITIES[0], PROBABILITIES[1]),
        wrong=[{"divergence": "none"}],
    ),
    "FramedCTC": Cases(LossCase({}, np.tile([[5, 1, 1, 2], [4, 2, 0, 0]], (3, 1)), (6, 3))),
    "GaussianKL": Cases(LossCase({}, np.zeros(6), (4,))),
    "GridBoxes": Cases(
        LossCase({"boxes": 2}, OBJECTS, (3, 2, 13)),
        LossCase({"boxes": 1, "coordinates": 1.0, "nothing": 0.1}, OBJECTS, (2, 2, 8)),
        wrong=[{"boxes": 0}, {"coordinates": -1.0}, {"nothing": -1.0}],
    ),
    "HeatmapError": Cases(
        LossCase({"deviation": 1.5}, PLACES, (5, 6, 2)),
        wrong=[{"deviation": 0.0}],
    ),
    "Hinge": Cases(
        LossCase({}, np.array([0, 3, 1]), (4,)),
        LossCase({"margin": 0.5, "power": 2}, np.eye(4)[[0, 3, 1]], (4,)),
        wrong=[{"margin": 0.0}, {"power": 3}],
    ),
    "JensenShannon": Cases(
        LossCase({}, PROBABILITIES[0], PROBABILITIES[1]),
        LossCase({"from_logits": True}, PROBABILITIES[0], (4,)),
    ),
    "KeypointError": Cases(LossCase({}, PLACES, (2, 2))),
    "MultiBox": Cases(
        LossCase({"anchors": ANCHORS}, OBJECTS, (4, 8)),
        LossCase(
            {
                "anchors": ANCHORS[:2],
                "variances": [0.2, 0.2, 0.1, 0.1],
                "threshold": 0.4,
                "negatives": 2.0,
                "box_weight": 0.5,
            },
            OBJECTS,
            (2, 8),
        ),
        wrong=[
            {"anchors": [[0.0, 0.0, 0.0, 1.0]]},
            {"variances": [0.1, 0.1, 0.0, 0.2]},
            {"threshold": 1.0},
            {"negatives": 0.0},
            {"box_weight": -1.0},
        ],
    ),
    "MultiLabelHinge": Cases(
        LossCase({}, np.array([[1, 0, 1], [0, 0, 1]]), (3,)),
        LossCase({"margin": 0.5, "power": 2}, np.array([[1, -1, 1], [-1, -1, 1]]), (3,)),
        wrong=[{"margin": 0.0}, {"power": 3}],
    ),
    "SequenceCrossentropy": Cases(
        LossCase({}, np.array([[2, 1, 0], [3, 0, 0], [0, 0, 0]]), (3, 4)),
        LossCase({"label_smoothing": 0.3}, np.array([[2, 1, 0], [3, 3, 3], [0, 0, 0]]), (3, 4)),
        wrong=[{"label_smoothing": 1.0}],
    ),
    "SmoothedCrossentropy": Cases(
        LossCase({}, np.array([0, 3, 1, 2, 0]), PROBABILITIES[0]),
        LossCase({"label_smoothing": 0.3, "from_logits": True}, np.eye(4)[[0, 3, 1]], (4,)),
        wrong=[{"label_smoothing": 1.0}, {"label_smoothing": -0.1}],
    ),
    "Spread": Cases(
        LossCase({"margin": 0.2}, np.array([0, 2, 1, 2, 0, 1]), (3,)),
        wrong=[{"margin": 0.0}],
    ),
    "Triplet": Cases(
        LossCase({"margin": 0.5, "mining": "all"}, np.array([0, 0, 1, 1, 2, 2]), (3,)),
        LossCase(
            {"distance": "euclidean", "normalize": False, "across_replicas": False},
            np.array([0, 0, 1, 1, 2, 2]),
            (3,),
        ),
        LossCase({"margin": "soft", "mining": None}, np.zeros(4), (3, 5)),
        LossCase({"margin": "soft", "mining": "all"}, np.array([0, 0, 1, 1, 2, 2]), (3,)),
        wrong=[{"margin": 0.0}, {"margin": "hard"}, {"distance": "far"}, {"mining": "easy"}],
    ),
}
# What every Keras loss takes; the first four tests of losses try them.
COMMON = ("kwargs", "reduction", "name", "dtype")


def each_case(table):
    return [
        pytest.param(name, case, id=f"{name}-{index}")
        for name, row in sorted(table.items())
        for index, case in enumerate(row.cases)
    ]


def each_wrong(table):
    return [
        pytest.param(
            name, row.cases[0].arguments | update, next(iter(update)), id=f"{name}-{update}"
        )
        for name, row in sorted(table.items())
        for update in row.wrong
    ]


def each_file(supported):
    return [
        (name, quantize)
        for name, row in sorted(LAYERS.items())
        for quantize in ("float32", "int8")
        if (quantize not in row.unsupported) is supported
    ]


def component(name):
    return getattr(losses if name in losses.__all__ else layers, name)


def apply(name, case, label="input"):
    layer = component(name)(**{key: fresh(value) for key, value in case.arguments.items()})
    ends = [keras.Input(shape, name=f"{label}_{i}") for i, shape in enumerate(case.inputs)]
    outputs = keras.tree.flatten(layer(ends if len(ends) > 1 else ends[0]))
    return layer, ends, outputs


def fresh(argument):
    """Copy a layer as one of the present precision; give anything else back."""
    if not isinstance(argument, keras.layers.Layer):
        return argument
    config = argument.get_config()
    del config["dtype"]
    return type(argument).from_config(config)


def samples(case, count=3):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(count, *shape)).astype("float32") for shape in case.inputs]


def build_layer(name, case):
    keras.utils.set_random_seed(0)
    _, ends, outputs = apply(name, case)
    return keras.Model(ends, outputs), samples(case)


def build_loss(name, case, **options):
    predictions = case.predictions
    if isinstance(predictions, tuple):
        shape = (len(case.targets), *predictions)
        predictions = np.random.default_rng(0).normal(size=shape)
    loss = component(name)(**case.arguments, **options)
    return loss, case.targets, np.asarray(predictions, "float32")


def decibels(expected, given):
    noise = np.mean((given - expected) ** 2)
    return 10 * np.log10(np.mean(expected**2) / max(noise, 1e-30))


# Known only for a given batch: the converter chooses the ranges of a whole model with one of these.
UNKNOWN = {"MinibatchStandardDeviation"}


def build_all(names, unsupported=None, cases=None):
    """One model of the cases of these layers; inputs and outputs carry the name of their case."""
    inputs, outputs, data = {}, {}, {}
    for name in names:
        # Each layer has its weights whatever others there are.
        keras.utils.set_random_seed(zlib.crc32(name.encode()))
        if unsupported in LAYERS[name].unsupported:
            continue
        for index, case in enumerate(LAYERS[name].cases[:cases]):
            _, ends, results = apply(name, case, f"{name}_{index}")
            inputs |= {end.name: end for end in ends}
            data |= {end.name: a for end, a in zip(ends, samples(case, 16), strict=True)}
            for place, result in enumerate(results):
                label = f"{name}_{index}_{place}_out"
                outputs[label] = keras.layers.Identity(name=label)(result)
    return keras.Model(inputs, outputs), data


def measured(names, quantize, path):
    """Export layers in one file and measure each of its outputs, in dB."""
    model, data = build_all(names, quantize)
    calibration = {"calibration": data} if quantize == "int8" else {}
    report = export.to_tflite(model, path, quantize=quantize, **calibration)
    assert quantize == "float32" or not report.float_operators
    # Some layers look at the batch, which is 1 in a file.
    expected = model.predict(data, batch_size=1, verbose=0)
    given = edge.load(path).run(data)
    return {label: decibels(expected[label], given[label]) for label in given}


@pytest.fixture(scope="module")
def exported(request, tmp_path_factory):
    """Export all layers that the selected tests ask for at once: starting a converter is slow."""
    made = {}

    def export_as(quantize):
        if quantize not in made:
            mine = [item for item in request.session.items if item.path == request.path]
            specs = (getattr(item, "callspec", None) for item in mine)
            chosen = [spec.params for spec in specs if spec]
            names = {row["name"] for row in chosen if row.get("quantize") == quantize}
            made[quantize] = {}
            for part in (names - UNKNOWN, names & UNKNOWN):
                if part:
                    path = tmp_path_factory.mktemp("files") / f"{quantize}.tflite"
                    made[quantize] |= measured(sorted(part), quantize, path)
        return made[quantize]

    return export_as


def test_every_public_layer_has_its_row():
    public = (name for name in layers.__all__ if inspect.isclass(getattr(layers, name)))
    kinds = [name for name in public if issubclass(getattr(layers, name), keras.layers.Layer)]
    assert sorted(LAYERS) == sorted(kinds)


def test_every_public_loss_has_its_row():
    public = (name for name in losses.__all__ if inspect.isclass(getattr(losses, name)))
    kinds = [name for name in public if issubclass(getattr(losses, name), keras.losses.Loss)]
    assert sorted(LOSSES) == sorted(kinds)


@pytest.mark.parametrize("name", [*layers.__all__, *losses.__all__])
def test_it_is_documented(name):
    text = inspect.getdoc(component(name))
    parameters = inspect.signature(component(name)).parameters.values()
    for parameter in parameters:
        if parameter.kind is not parameter.VAR_KEYWORD:
            assert f"{parameter.name}:" in text, parameter.name
    assert "Example:" in text or "Returns:" in text


@pytest.mark.parametrize("name", sorted({**LAYERS, **LOSSES}))
def test_the_cases_try_every_argument(name):
    cases = {**LAYERS, **LOSSES}[name].cases
    parameters = inspect.signature(component(name)).parameters.values()
    untried = {
        parameter.name
        for parameter in parameters
        if parameter.name not in COMMON
        and not any(
            case.arguments.get(parameter.name, parameter.default) != parameter.default
            for case in cases
        )
    }
    assert not untried


@pytest.mark.parametrize(("name", "case"), each_case({**LAYERS, **LOSSES}))
def test_arguments_survive_the_configuration(name, case):
    def configure(arguments):
        return component(name)(**arguments, name="mine").get_config()

    saved = keras.saving.serialize_keras_object(component(name)(**case.arguments, name="mine"))
    assert saved["registered_name"] == f"kerascnn>{name}"
    again = keras.saving.deserialize_keras_object(json.loads(json.dumps(saved)))
    config = configure(case.arguments)
    assert again.get_config() == config
    for argument in case.arguments:
        others = {key: value for key, value in case.arguments.items() if key != argument}
        # Some arguments cannot be left out: they have no default, or the others need them.
        with contextlib.suppress(TypeError, ValueError):
            assert configure(others)[argument] != config[argument]
        assert argument in config


@pytest.mark.parametrize(("name", "arguments", "argument"), each_wrong({**LAYERS, **LOSSES}))
def test_a_wrong_argument_is_refused_by_name(name, arguments, argument):
    with pytest.raises(ValueError, match=rf"Received: (.*\W)?{argument}="):
        component(name)(**arguments)


@pytest.mark.parametrize(("name", "case"), each_case(LAYERS))
def test_a_layer_compiles_with_xla_and_takes_any_batch(name, case):
    model, inputs = build_layer(name, case)
    compiled = tf.function(lambda values: model(values, training=False), jit_compile=True)
    for count in (1, 3):
        values = [value[:count] for value in inputs]
        runs = (keras.tree.flatten(run(values)) for run in (compiled, model))
        for actual, expected in zip(*runs, strict=True):
            np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "case"), each_case(LAYERS))
def test_a_layer_gives_the_shape_that_it_announces(name, case):
    layer, ends, outputs = apply(name, case)
    shapes = [(3, *shape) for shape in case.inputs]
    announced = layer.compute_output_shape(shapes if len(shapes) > 1 else shapes[0])
    several = not all(side is None or isinstance(side, int) for side in announced)
    model = keras.Model(ends, outputs)
    actual = [tuple(output.shape) for output in keras.tree.flatten(model(samples(case)))]
    assert [tuple(shape) for shape in (announced if several else [announced])] == actual


@pytest.mark.parametrize(("name", "case"), each_case(LAYERS))
def test_a_layer_trains_in_mixed_precision(name, case):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model, inputs = build_layer(name, case)
    finally:
        keras.config.set_dtype_policy("float32")
    with tf.GradientTape() as tape:
        tape.watch(tensors := [tf.constant(value) for value in inputs])
        outputs = keras.tree.flatten(model(tensors, training=True))
        loss = sum(tf.reduce_sum(tf.cast(output, "float32") ** 2) for output in outputs)
    assert {output.dtype for output in outputs} == {tf.float16}
    assert {variable.dtype for variable in model.trainable_variables} <= {"float32"}
    weights = [variable.value for variable in model.trainable_variables]
    to_inputs, to_weights = tape.gradient(loss, (tensors, weights))
    # A map of switches is compared, and places are learned alone, which have no gradient.
    gradients = [gradient for gradient in to_inputs if gradient is not None] + to_weights
    assert gradients
    for gradient in gradients:
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize(("name", "quantize"), each_file(supported=True))
def test_a_layer_in_a_file_equals_keras(name, quantize, exported):
    found = {k: v for k, v in exported(quantize).items() if k.startswith(f"{name}_")}
    assert len(found) >= len(LAYERS[name].cases)
    assert min(found.values()) >= LAYERS[name].decibels[quantize], found


@pytest.mark.parametrize(("name", "quantize"), each_file(supported=False))
def test_what_a_layer_does_not_support_is_refused(name, quantize, tmp_path):
    model, data = build_all([name])
    with pytest.raises(export.ExportError):
        export.to_tflite(model, tmp_path / "model.tflite", quantize=quantize, calibration=data)


REPLICAS = """
import json, runpy, sys
import keras, numpy as np, tensorflow as tf

# Rewriting the graphs for speed takes longer than these few steps.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
tests = runpy.run_path(sys.argv[1])
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    keras.utils.set_random_seed(0)
    model, data = tests["build_all"](sorted(tests["LAYERS"]), cases=1)
    model.compile("sgd", loss={name: "mse" for name in model.output_names})
zeros = {o.name: np.zeros((16, *o.shape[1:]), "float32") for o in keras.tree.flatten(model.output)}
targets = dict(zip(model.output_names, zeros.values()))
model.optimizer.build(model.trainable_variables)  # else the step is traced twice
before = [np.array(variable) for variable in model.trainable_variables]
history = model.fit(data, targets, batch_size=6, epochs=1, shuffle=False, verbose=0).history
still = [v.path for v, old in zip(model.trainable_variables, before) if np.array_equal(v, old)]
print(json.dumps({"losses": {k: v[0] for k, v in history.items()}, "still": still}))
"""


def test_layers_train_under_two_replicas():
    process = subprocess.run(
        [sys.executable, "-c", REPLICAS, __file__], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    report = json.loads(process.stdout.splitlines()[-1])
    assert not {name for name, value in report["losses"].items() if not np.isfinite(value)}
    assert not report["still"]


@pytest.mark.parametrize(("name", "case"), each_case(LOSSES))
def test_a_loss_gives_a_value_a_sample_and_keras_reduces_it(name, case):
    each, targets, predictions = build_loss(name, case, reduction=None)
    values = each(targets, predictions)
    assert values.shape == (len(targets),)
    mean, *_ = build_loss(name, case)
    np.testing.assert_allclose(mean(targets, predictions), np.mean(values), rtol=1e-6)


@pytest.mark.parametrize(("name", "case"), each_case(LOSSES))
def test_a_loss_compiles_with_xla(name, case):
    loss, targets, predictions = build_loss(name, case)
    compiled = tf.function(loss, jit_compile=True)
    expected = loss(targets, predictions)
    np.testing.assert_allclose(compiled(targets, predictions), expected, rtol=1e-5)


@pytest.mark.parametrize(("name", "case"), each_case(LOSSES))
def test_a_loss_of_half_precision_is_computed_in_single(name, case):
    loss, targets, predictions = build_loss(name, case, reduction=None)
    half = tf.constant(predictions, "float16")
    with tf.GradientTape() as tape:
        tape.watch(half)
        values = loss(targets, half)
    assert values.dtype == "float32"
    np.testing.assert_allclose(values, loss(targets, predictions), rtol=2e-2, atol=2e-2)
    assert np.isfinite(tape.gradient(values, half)).all()
