"""The operators that an Edge TPU takes without further conditions.

From the page "TensorFlow models on the Edge TPU" of coral.ai, for compiler 16 and runtime 14, and
from the compiler's answers in the issues of google-coral/edgetpu.
"""

UNCONDITIONAL = (
    "ADD",
    "EXPAND_DIMS",
    "L2_NORMALIZATION",
    "LOGISTIC",
    "LSTM",
    "MAXIMUM",
    "MINIMUM",
    "MUL",
    "QUANTIZE",
    "RELU",
    "RELU6",
    "RELU_N1_TO_1",
    "RESHAPE",
    "RSQRT",
    "SLICE",
    "SPACE_TO_DEPTH",
    "SQUARED_DIFFERENCE",
    "SQUEEZE",
    "SUB",
    "TANH",
    "TRANSPOSE",
    "TRANSPOSE_CONV",
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
)
