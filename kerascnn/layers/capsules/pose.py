"""Six numbers as a movement of the plane."""

import math

from keras import ops


def geometric_pose(x, *, similarity: bool = False):
    """Turn six unbounded numbers into the upper two rows of an affine matrix.

    The numbers are, in this order, horizontal and vertical scale (through a sigmoid, plus 0.01),
    angle (in turns), shear and the two translations (through `tanh(5 x)`). The matrix scales,
    shears, turns and moves; its determinant is the product of the scales, at least 1e-4.

    Args:
        x: `(..., 6)`.
        similarity: Ignore vertical scale and shear, so that angles and proportions stay.

    Returns:
        `(..., 6)`: `a, b, t, c, d, u` of the rows `(a, b, t)` and `(c, d, u)`.

    Example:
        >>> geometric_pose(keras.ops.zeros((1, 6)), similarity=True).numpy().round(2)
        array([[0.51, 0.  , 0.  , 0.  , 0.51, 0.  ]], dtype=float32)

    Reference:
        https://arxiv.org/abs/1906.06818 (the authors' code)
    """
    wide, tall, angle, shear, right, down = (x[..., i] for i in range(6))
    wide, tall = ops.sigmoid(wide) + 1e-2, ops.sigmoid(tall) + 1e-2
    shear, right, down = (ops.tanh(5.0 * value) for value in (shear, right, down))
    cosine, sine = ops.cos(2 * math.pi * angle), ops.sin(2 * math.pi * angle)
    if similarity:
        rows = [wide * cosine, -wide * sine, right, wide * sine, wide * cosine, down]
    else:
        first = wide * cosine + shear * tall * sine
        second = shear * tall * cosine - wide * sine
        rows = [first, second, right, tall * sine, tall * cosine, down]
    return ops.stack(rows, axis=-1)
