"""The check of convolutions and poolings: sizes before and after a window that strides.

A kernel that believes the sizes in the file reads beyond what was written.
"""

from __future__ import annotations

from .operators import Table, ints, require
from .schema import CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV

# Operator -> inputs that it has at least; the others are AVERAGE_POOL_2D, L2_POOL_2D, MAX_POOL_2D.
_FEWEST_INPUTS = {CONV_2D: 2, DEPTHWISE_CONV_2D: 2, TRANSPOSE_CONV: 3, 1: 1, 12: 1, 17: 1}


def check_window(
    code: int, options: Table, reads: list[Table], writes: list[Table], where: str
) -> None:
    """Check that each size is what the stride leaves of the size before.

    Args:
        code: Which operator it is.
        options: Its options.
        reads: The tensors that it reads.
        writes: The tensors that it writes.
        where: How a message names the operator.

    Raises:
        ModelError: If it isn't so.
    """
    fewest = _FEWEST_INPUTS.get(code)
    if fewest is None:
        return
    require(len(reads) >= fewest and len(writes) == 1, f"{where} without inputs or outputs")
    if code in (CONV_2D, DEPTHWISE_CONV_2D):
        before, kernel, after = reads[0], reads[1]["shape"], writes[0]
    elif code == TRANSPOSE_CONV:
        before, kernel, after = writes[0], reads[1]["shape"], reads[2]
    else:
        before, after = reads[0], writes[0]
        kernel = [1, options["filter_h"], options["filter_w"], 1]
    if not len(before["shape"]) == len(kernel) == len(after["shape"]) == 4:
        return  # every runtime refuses these
    for axis, name in ((1, "h"), (2, "w")):
        reach = (kernel[axis] - 1) * (options.get(f"dilation_{name}") or 1)
        valid = options["padding"]  # else the border is filled
        room = before["shape"][axis] - (reach if valid else 0)
        wanted = -(-room // options[f"stride_{name}"])
        found = after["shape"][axis]
        known = _is_known(before, axis) and _is_known(after, axis)
        require(not known or found == wanted, f"{where} of {found} for {wanted} places")


def _is_known(tensor: Table, axis: int) -> bool:
    """Whether a size is given in the file, and not by what the model is fed."""
    signature = ints(tensor["signature"])
    return len(signature) <= axis or signature[axis] >= 0
