"""What TFLite does with the range of what goes into each kind of layer and operation."""

from __future__ import annotations

import keras
from keras import layers

from ..graphs.kernels import KERNELS
from ..graphs.own_weights import OwnWeights

# What gives out the numbers it takes: the result has the range of the input.
SAME = (
    layers.AveragePooling1D,
    layers.AveragePooling2D,
    layers.Cropping1D,
    layers.Cropping2D,
    layers.Dropout,
    layers.Flatten,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.GlobalMaxPooling1D,
    layers.GlobalMaxPooling2D,
    layers.Identity,
    layers.MaxPooling1D,
    layers.MaxPooling2D,
    layers.Permute,
    layers.RepeatVector,
    layers.Reshape,
    layers.Resizing,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
    layers.UpSampling1D,
    layers.UpSampling2D,
    layers.ZeroPadding1D,
    layers.ZeroPadding2D,
)
SAME_OPERATIONS = {
    "AveragePool",
    "BroadcastTo",
    "Cast",
    "ConvertToTensor",
    "DepthToSpace",
    "ExpandDims",
    "Flip",
    "GetItem",
    "Max",
    "MaxPool",
    "Min",
    "Pad",
    "Repeat",
    "Reshape",
    "Resize",
    "Slice",
    "SpaceToDepth",
    "Split",
    "Squeeze",
    "Stack",
    "StopGradient",
    "Swapaxes",
    "Take",
    "Tile",
    "Transpose",
    "Unstack",
}
# What has a fixed range in TFLite, whatever goes in.
_SHARES = (0.0, 255 / 256)
_BOTH_SIDES = (-1.0, 127 / 128)
FIXED = {
    keras.activations.sigmoid: _SHARES,
    keras.activations.softmax: _SHARES,
    keras.activations.tanh: _BOTH_SIDES,
}
FIXED_OPERATIONS = {"Sigmoid": _SHARES, "Softmax": _SHARES, "Tanh": _BOTH_SIDES}
# What takes a ReLU behind it into itself.
FUSING = (*KERNELS, layers.Add, layers.Multiply, layers.Subtract)
FUSING_OPERATIONS = {"Add", "Multiply", "Subtract"}
# What has a range of its own.
OWN = (
    *FUSING,
    OwnWeights,
    layers.Average,
    layers.Concatenate,
    layers.Dot,
    layers.Embedding,
    layers.GlobalAveragePooling1D,
    layers.GlobalAveragePooling2D,
    layers.LeakyReLU,
    layers.Maximum,
    layers.Minimum,
    layers.PReLU,
    layers.ReLU,
)
OWN_OPERATIONS = FUSING_OPERATIONS | {
    "Absolute",
    "Argmax",
    "Concatenate",
    "Conv",
    "Divide",
    "Einsum",
    "Equal",
    "Exp",
    "Gelu",
    "Greater",
    "GreaterEqual",
    "HardSilu",
    "LeakyRelu",
    "Less",
    "LessEqual",
    "Log",
    "LogicalAnd",
    "LogicalNot",
    "LogicalOr",
    "Matmul",
    "Maximum",
    "Mean",
    "Minimum",
    "NotEqual",
    "ReLU",
    "ReLU6",
    "Relu",
    "Relu6",
    "Rsqrt",
    "Sqrt",
    "Sum",
    "TrueDivide",
    "Where",
    "ZerosLike",
}
ACTIVATIONS = {
    keras.activations.gelu,
    keras.activations.hard_silu,
    keras.activations.leaky_relu,
    keras.activations.linear,
    keras.activations.relu,
    keras.activations.relu6,
}
