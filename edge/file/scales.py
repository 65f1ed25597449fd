"""The checks of quantization: numbers that kernels turn into multipliers without looking.

Each bound was found by sweeping the scales of one-operator models through LiteRT 2.3.
"""

from __future__ import annotations

import numpy as np

from .operators import Table, require

_RANGES = {2: 32, 3: 8, 7: 16, 9: 8, 17: 4, 19: 2}  # integer type -> bits
_UNSIGNED = {3}
_UINT8, _INT16, _INT8 = 3, 7, 9
_SMALLEST, _LARGEST = 2.0**-126, 2.0**126  # normal float32, and twice as much still is
_COMPARISONS = {58, 61, 62, 63, 71, 72}  # LESS, GREATER and their like
# Operators whose integers mean nothing without a scale, and that crash for want of it.
_SCALED = {0, 41, 73, 75, 76, 99, *_COMPARISONS}  # ADD, SUB, LOG, SQRT, RSQRT, SQUARED_DIFFERENCE
# Operator -> power of the larger input's scale, and bits that fixed point leaves above the
# output's, of 8-bit and of 16-bit integers.
_HEADROOM = {0: (1, {_UINT8: 20, _INT8: 20, _INT16: 15}), 99: (2, {_UINT8: 14, _INT8: 14})}


def check_quantization(tensor: Table, shape: list[int], name: str) -> None:
    """Check the scales and zero points of a tensor.

    Raises:
        ModelError: If their number doesn't fit the shape, or a value its type.
    """
    quantization = tensor["quantization"] or {}
    scale, zero = quantization.get("scale"), quantization.get("zero_point")
    if scale is None or not len(scale):
        return
    axis = quantization["dimension"] or 0
    allowed = {1, shape[axis]} if 0 <= axis < len(shape) else {1}
    require(len(scale) in allowed, f"tensor {name!r} with {len(scale)} scales, shape {shape}")
    require(bool(np.all(np.isfinite(scale) & (scale >= 0))), f"tensor {name!r}, scale {scale}")
    kind = tensor["type"] or 0
    if kind in _RANGES and not len(
        tensor["values"]
    ):  # constants may be all zero, and so their scale
        fits = np.all((scale >= _SMALLEST) & (scale <= _LARGEST))
        require(bool(fits), f"tensor {name!r}, scale {scale}")
    if zero is None or not len(zero):
        return
    require(len(zero) in (1, len(scale)), f"the zero points of {name!r}")
    if kind in _RANGES:
        low = 0 if kind in _UNSIGNED else -(2 ** (_RANGES[kind] - 1))
        inside = np.all((zero >= low) & (zero < low + 2 ** _RANGES[kind]))
        require(bool(inside), f"tensor {name!r}, zero points {zero}")


def check_scales(code: int, reads: list[Table], writes: list[Table], where: str) -> None:
    """Check the scales of an operator's tensors against each other.

    Raises:
        ModelError: If a kernel would stop the process.
    """
    if code not in _SCALED:
        return
    given, made = ([_scale(t) for t in side if _is_quantized(t)] for side in (reads, writes))
    require(all(given + made), f"{where} without a scale")
    require(code not in _COMPARISONS or 1 not in given, f"{where} with a scale of 1")
    if code in _HEADROOM and given and made:
        power, bits = _HEADROOM[code]
        room = bits.get(writes[0]["type"] or 0, min(bits.values()))
        ratio = (2 * max(given)) ** power / made[0]
        require(ratio < 2.0**room, f"{where} with scales {given} and {made}")


def _is_quantized(tensor: Table) -> bool:
    return (tensor["type"] or 0) in (_UINT8, _INT16, _INT8)


def _scale(tensor: Table) -> float:
    scale = (tensor["quantization"] or {}).get("scale")
    return 0.0 if scale is None or not len(scale) else float(scale[0])
