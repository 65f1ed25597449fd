"""What a network learns things from that touch: background between them, and a weight for it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage


def separated(instances: np.ndarray) -> np.ndarray:
    """Give the mask of all instances, with background where two of them touch.

    Args:
        instances: 0 for the background and a number for each instance, `(height, width)`.

    Returns:
        int32, 1 in the instances but for the pixels that have one of another among their eight
        neighbours.
    """
    above = instances.max() + 1
    highest = ndimage.maximum_filter(instances, 3)
    lowest = ndimage.minimum_filter(np.where(instances == 0, above, instances), 3)
    return ((instances > 0) & (highest == lowest)).astype(np.int32)


def border_weights(
    instances: np.ndarray, *, strength: float = 10.0, deviation: float = 5.0
) -> np.ndarray:
    """Give each pixel its weight in the loss: most between instances that are close.

    Of background pixels, as `separated` leaves them,

        w = w_c + strength exp(-(d1 + d2)^2 / (2 deviation^2))

    where d1 and d2 are the distances to the nearest instance and to the next one, which are shrunk
    to what `separated` leaves. All others have w_c, which gives instances and background the same
    total, and pixels a mean of 1.

    Args:
        instances: 0 for the background and a number for each instance, `(height, width)`.
        strength: Weight between instances that touch, in addition to w_c, at least 0.
        deviation: How fast it falls with the distance, in pixels, above 0.

    Returns:
        float32, `(height, width)`.

    Raises:
        ValueError: If a number is out of range.

    Reference:
        https://arxiv.org/abs/1505.04597, eq. 2
    """
    if strength < 0 or deviation <= 0:
        raise ValueError(
            "strength must be at least 0 and deviation above 0. "
            f"Received: strength={strength}, deviation={deviation}"
        )
    inside = separated(instances) > 0
    counts = np.maximum(np.bincount(inside.ravel(), minlength=2), 1)
    weights = inside.size / (2 * counts[inside.astype(int)])
    numbers = np.unique(instances[inside])
    if len(numbers) > 1:
        distances = [
            ndimage.distance_transform_edt((instances != number) | ~inside) for number in numbers
        ]
        nearest, next_one = np.partition(distances, 1, axis=0)[:2]
        border = strength * np.exp(-np.square(nearest + next_one) / (2 * deviation**2))
        weights = weights + border * ~inside
    return np.asarray(weights, np.float32)
