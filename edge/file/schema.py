"""The part of the TFLite schema (version 3) that is read before a runtime sees a file.

Slots are those of the public `schema.fbs`; numbers of operators, types and options too.
"""

from __future__ import annotations

from .flatbuffer import Fields

BLOCKWISE: Fields = {0: ("scales", "i"), 1: ("zero_points", "i"), 3: ("block_shape", "[i")}
QUANTIZATION: Fields = {
    0: ("min", "[f"),
    1: ("max", "[f"),
    2: ("scale", "[f"),
    3: ("zero_point", "[q"),
    4: ("details_type", "B"),
    5: ("details", {0: ("custom", "I")}),
    6: ("dimension", "i"),
}
SPARSITY: Fields = {
    0: ("order", "[i"),
    1: ("block_map", "[i"),
    2: ("dimensions", [{3: ("segments", {}), 5: ("indices", {})}]),
}
TENSOR: Fields = {
    0: ("shape", "[i"),
    1: ("type", "b"),
    2: ("buffer", "I"),
    3: ("name", "text"),
    4: ("quantization", QUANTIZATION),
    5: ("variable", "?"),
    6: ("sparsity", SPARSITY),
    7: ("signature", "[i"),
}
OPERATOR: Fields = {
    0: ("code", "I"),
    1: ("inputs", "[i"),
    2: ("outputs", "[i"),
    3: ("options_type", "B"),
    4: ("options", "offset"),
    5: ("custom_options", "[B"),
    7: ("mutating", "[?"),
    8: ("intermediates", "[i"),
    12: ("options_2", {}),
}
SUBGRAPH: Fields = {
    0: ("tensors", [TENSOR]),
    1: ("inputs", "[i"),
    2: ("outputs", "[i"),
    3: ("operators", [OPERATOR]),
    4: ("name", "text"),
}
NAMED_TENSOR: Fields = {0: ("name", "text"), 1: ("tensor", "I")}
MODEL: Fields = {
    0: ("version", "I"),
    1: (
        "codes",
        [{0: ("short", "b"), 1: ("custom", "text"), 2: ("version", "i"), 3: ("code", "i")}],
    ),
    2: ("subgraphs", [SUBGRAPH]),
    3: ("description", "text"),
    4: ("buffers", [{0: ("data", "[B"), 1: ("offset", "Q"), 2: ("size", "Q")}]),
    5: ("metadata_buffer", "[i"),
    6: ("metadata", [{0: ("name", "text"), 1: ("buffer", "I")}]),
    7: (
        "signatures",
        [
            {
                0: ("inputs", [NAMED_TENSOR]),
                1: ("outputs", [NAMED_TENSOR]),
                2: ("key", "text"),
                4: ("subgraph", "I"),
            }
        ],
    ),
}

# Options type -> the fields that need a look: those that are more than numbers, and those that
# kernels divide by, which must be at least 1.
_WINDOW: Fields = {0: ("padding", "b"), 1: ("stride_w", "i"), 2: ("stride_h", "i")}
OPTIONS: dict[int, Fields] = {
    1: {**_WINDOW, 4: ("dilation_w", "i"), 5: ("dilation_h", "i")},  # Conv2D
    2: {**_WINDOW, 5: ("dilation_w", "i"), 6: ("dilation_h", "i")},  # DepthwiseConv2D
    3: {1: ("columns", "[i"), 2: ("dimensions", "[i")},  # ConcatEmbeddings
    5: {**_WINDOW, 3: ("filter_w", "i"), 4: ("filter_h", "i")},  # Pool2D
    17: {0: ("shape", "[i")},  # Reshape
    19: {0: ("block_size", "i")},  # SpaceToDepth
    30: {0: ("dimensions", "[i")},  # Squeeze
    35: {0: ("results", "i")},  # Split
    49: _WINDOW,  # TransposeConv
    64: {0: ("results", "i")},  # Unpack
    79: {0: ("results", "i")},  # SplitV
    92: {0: ("graph_then", "i"), 1: ("graph_else", "i")},  # If
    93: {0: ("graph_condition", "i"), 1: ("graph_body", "i")},  # While
    94: {0: ("block_size", "i")},  # DepthToSpace
    103: {0: ("graph_once", "i")},  # CallOnce
    106: {**_WINDOW, 3: ("stride_d", "i")},  # Conv3D
    111: {0: ("container", "text"), 1: ("name", "text")},  # VarHandle
    115: {0: ("boundaries", "[f")},  # Bucketize
}

CONV_2D, DEPTHWISE_CONV_2D, DEQUANTIZE, CUSTOM, TRANSPOSE_CONV = 3, 4, 6, 32, 67
LOGISTIC, SOFTMAX, QUANTIZE = 14, 25, 114
# Operators that only change the element type.
CONVERSIONS = (DEQUANTIZE, QUANTIZE)
UINT8 = 3  # the tensor type
# Operator -> type of the options that its kernel reads unasked.
OPTIONS_OF = {
    1: 5,  # AVERAGE_POOL_2D
    CONV_2D: 1,
    DEPTHWISE_CONV_2D: 2,
    5: 94,  # DEPTH_TO_SPACE
    12: 5,  # L2_POOL_2D
    17: 5,  # MAX_POOL_2D
    26: 19,  # SPACE_TO_DEPTH
    49: 35,  # SPLIT
    TRANSPOSE_CONV: 49,
    88: 64,  # UNPACK
    102: 79,  # SPLIT_V
    132: 106,  # CONV_3D
}
# Operator -> first input that may be left out (-1): biases, and the states of recurrent cells.
OPTIONAL_FROM = {
    CONV_2D: 2,
    DEPTHWISE_CONV_2D: 2,
    9: 2,  # FULLY_CONNECTED
    16: 1,  # LSTM
    24: 3,  # RNN
    27: 3,  # SVDF
    CUSTOM: 0,
    35: 3,  # UNIDIRECTIONAL_SEQUENCE_RNN
    44: 1,  # UNIDIRECTIONAL_SEQUENCE_LSTM
    46: 3,  # BIDIRECTIONAL_SEQUENCE_RNN
    52: 1,  # BIDIRECTIONAL_SEQUENCE_LSTM
    TRANSPOSE_CONV: 3,
    132: 2,  # CONV_3D
    141: 3,  # CONV_3D_TRANSPOSE
}

# Tensor type -> bits of one element; texts, resources and variants have no fixed size.
BITS = {
    0: 32, 1: 16, 2: 32, 3: 8, 4: 64, 6: 8, 7: 16, 8: 64, 9: 8, 10: 64, 11: 128,
    12: 64, 15: 32, 16: 16, 17: 4, 18: 16, 19: 2, 20: 4,
}  # fmt: skip
