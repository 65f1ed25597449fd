"""What to write instead of what an Edge TPU doesn't take."""

from __future__ import annotations

import re

_TO_HOST = "leave it to the caller of the file, on the CPU"
# A pattern of operator names and the way out.
_OPERATORS = (
    (r"LEAKY_RELU", "a PReLU with constant slopes, which target='coral' writes"),
    (r"HARD_SWISH|ELU|GELU", "a ReLU, or swish, which maps as LOGISTIC and MUL"),
    (r"DIV", "a / b as a * rsqrt(b) * rsqrt(b), for a positive b"),
    (r"SQRT|LOG|EXP|POW", "a formula around rsqrt"),
    (r"SQUARE", "x * x"),
    (r"ABS", "relu(x) + relu(0.0 - x), which target='coral' writes"),
    (r"NEG", "0.0 - x"),
    (r"TILE|BROADCAST_TO", "a nearest resize, or broadcasting inside the next operation"),
    (r"BATCH_MATMUL", "a 1x1 convolution with a constant kernel"),
    (r"GATHER\w*", "slices with constant borders"),
    (r"CONV_3D\w*", "the third dimension folded into channels"),
    (r"DEPTH_TO_SPACE", "a transposed convolution or a nearest resize"),
    (r"SPACE_TO_BATCH_ND|BATCH_TO_SPACE_ND", "a dilated convolution, exported with batch 1"),
    (r"CONV_2D", "groups=1, or split, convolutions and concatenation"),
    (r"FULLY_CONNECTED", "a 1x1 convolution, which target='coral' writes"),
    (r"ARG_M\w+|TOPK_V2|CAST|DEQUANTIZE|SOFTMAX|NON_MAX\w+", _TO_HOST),
)
# A pattern of what the compiler says and what to do about it.
_MESSAGES = (
    (
        r"Didn't find op for builtin opcode",
        "the file is too new: export with target='coral', or min_runtime='2.5'",
    ),
    (
        r"only supports static-sized tensors",
        "fix every shape, also the batch: export with kerascnn.export.to_tflite",
    ),
    (
        r"due to large activation tensors",
        "use smaller inputs or fewer channels, or compile with search=True",
    ),
    (r"[Mm]odel not quantized", "export with quantize='int8'"),
    (r"Internal compiler error", "try a smaller model or smaller inputs: it is a limit or a fault"),
    (r"Please ensure model can be loaded", "run the file with kerascnn.edge first"),
    (r"timed out|not complete within", "give it more time, or compile a smaller model"),
    (r"More than one subgraph is not supported", "it follows an operator on the CPU: rewrite that"),
    (r"unsupported data type", "keep int8 or uint8 from the input to the output"),
    (r"unsupported rank", "reshape to 3 dimensions beside the batch"),
    (r"version not supported", "export with target='coral', or min_runtime='2.5'"),
    (r"won't run precisely enough", "resize by at most 4 in one step"),
    (r"unspecified limitation", "try smaller tensors at this place"),
)


def instead_of(operator: str) -> str:
    """Give what to write instead of an operator; empty when nothing is known."""
    found = (advice for pattern, advice in _OPERATORS if re.fullmatch(pattern, operator))
    return next(found, "")


def answer_to(message: str) -> str:
    """Give what to do about a message of the compiler; empty when it isn't known."""
    found = (advice for pattern, advice in _MESSAGES if re.search(pattern, message))
    return next(found, "")
