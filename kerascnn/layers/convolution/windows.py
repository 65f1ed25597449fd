"""Where a window lies that slides over an axis: sizes, and TensorFlow's rule for `"same"`."""

from typing import Any


def per_axis(name: str, value: Any, rank: int) -> tuple[int, ...]:
    """Give a positive integer an axis, from one for all axes or from one each.

    Args:
        name: Name of the argument, for the error.
        value: A positive integer, or as many as there are axes.
        rank: How many axes there are.

    Returns:
        One integer an axis.

    Raises:
        ValueError: If the value is something else.
    """
    values = tuple(value) if isinstance(value, tuple | list) else (value,) * rank
    if len(values) != rank or not all(isinstance(item, int) and item > 0 for item in values):
        raise ValueError(
            f"{name} must be a positive integer, or {rank} of them. Received: {name}={value}"
        )
    return values


def output_size(size: int | None, window: int, stride: int, padding: str) -> int | None:
    """Count the places of a window, `(size + padding - window) // stride + 1`.

    Args:
        size: Pixels of the axis; None if unknown.
        window: Pixels that the window spans: `dilation * (kernel - 1) + 1` for a kernel.
        stride: Pixels between two places.
        padding: `"valid"`, `"same"` or `"causal"`.

    Returns:
        The number of places; None if the size is unknown.
    """
    if size is None:
        return None
    return (size - window) // stride + 1 if padding == "valid" else (size - 1) // stride + 1


def pixels_before(size: int | None, window: int, stride: int, padding: str) -> int:
    """Count the zeros that a padding puts in front of the axis.

    Args:
        size: Pixels of the axis; only `"same"` with strides asks for it.
        window: Pixels that the window spans.
        stride: Pixels between two places.
        padding: `"valid"`, `"same"` or `"causal"`.

    Returns:
        The number of zeros.

    Raises:
        ValueError: If it depends on a size that is unknown.
    """
    if padding == "valid":
        return 0
    if padding == "causal" or (padding == "same" and stride == 1):
        return window - 1 if padding == "causal" else (window - 1) // 2
    if size is None:
        raise ValueError(
            "Padding 'same' with strides depends on the sides of the image: give them, or pad by "
            "hand and use 'valid'. Received: size=None"
        )
    return max(window - 1 - (size - 1) % stride, 0) // 2
