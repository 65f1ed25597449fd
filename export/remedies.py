"""What to write instead of an operation that a device can't take."""

from __future__ import annotations

import re
from collections.abc import Iterable

_OTHERWISE = "build the layer from other operations, or leave the step to the caller of the file"
_NOISE = "let the caller pass the noise in as an input"
# A pattern of operator names (of TFLite in capitals, of TensorFlow otherwise) and the way out.
_REMEDIES = (
    (r"SQUARE", "write x * x instead of a square"),
    (r"NEG", "write 0.0 - x instead of -x"),
    (r"ELU", "use a ReLU, a leaky ReLU, swish or GELU"),
    (r"SQRT|LOG", "rearrange the formula around rsqrt"),
    (r"SPLIT", "export again, as the converter treats splits of constants differently each time"),
    (r"CONV_3D\w*|Conv3D\w*", "fold the third dimension into channels"),
    (r"LOCAL_RESPONSE_NORMALIZATION", "use batch normalisation"),
    (r"RANDOM_\w+|MULTINOMIAL|\w*Random\w*", _NOISE),
    (r"(VAR_HANDLE|\w+_VARIABLE|CALL_ONCE|VarHandleOp|\w+VariableOp)", "pass the state in and out"),
    (r"HASHTABLE\w*|\w*HashTable\w*", "look words up before the model"),
    (r"Conv2DBackpropInput", "set dilation_rate=1 in the transposed convolution"),
    (r"ResizeBicubic", "resize with bilinear or nearest interpolation"),
)


def remedies(operators: Iterable[str]) -> list[str]:
    """Give one sentence for each kind of operator, without repeating any."""
    return list(dict.fromkeys(_remedy(operator) for operator in operators))


def _remedy(operator: str) -> str:
    found = (text for pattern, text in _REMEDIES if re.fullmatch(pattern, operator))
    return next(found, _OTHERWISE)
