"""Targets and predictions in the form in which losses compute."""

import keras
from keras import ops


def wide(values):
    """Give a tensor in float32, or float64 where it is that."""
    values = ops.convert_to_tensor(values)
    return ops.cast(values, keras.backend.result_type(values.dtype, "float32"))


def one_hot(y_true, y_pred):
    """Tell which classes are the right ones.

    Args:
        y_true: Integer labels, `(batch,)` or `(batch, 1)`, or one-hot, `(batch, num_classes)`.
        y_pred: One number a class, `(batch, num_classes)`.

    Returns:
        Booleans, `(batch, num_classes)`.

    Raises:
        ValueError: If the shapes do not belong together.
    """
    y_true = ops.convert_to_tensor(y_true)
    shape, num_classes = tuple(y_true.shape), y_pred.shape[-1]
    if len(shape) == 2 and shape[1] == num_classes > 1:
        return ops.cast(y_true, "float32") > 0
    if len(shape) == 1 or shape[1:] == (1,):
        labels = ops.cast(ops.reshape(y_true, (-1, 1)), "int32")
        return ops.equal(labels, ops.arange(num_classes, dtype="int32"))
    raise ValueError(
        "Targets are integer labels or one-hot. "
        f"Received: y_true.shape={shape}, y_pred.shape={tuple(y_pred.shape)}"
    )
