"""Matrix capsules, which route by expectation maximisation."""

from typing import Any

import keras
from keras import layers

from kerascnn.layers import ClassCapsule, ConvCapsule, PrimaryMatrixCapsules
from kerascnn.registry import Experiment, register
from kerascnn.training import RisingMargin


@register(
    paper="https://openreview.net/forum?id=HJWLfGWRb",
    tiny={"input_shape": (11, 11, 1), "filters": 4, "capsules": (2, 2), "iterations": 2},
    params=316_394,
    unsupported={
        "equal_bits": "routing amplifies the last bit of kernels other than XNNPACK's",
        "reference_kernels": "a product of its routing is out of what they can scale",
    },
    experiment=Experiment(
        data="translated_digits",
        data_options={"noise": 0.1, "count": 2500, "size": 20},
        model_options={
            "filters": 16,
            "capsules": (4, 8, 16),
            "iterations": 2,
            "inverse_temperature": 0.02,
        },
        epochs=12,
        batch_size=32,
        learning_rate=3e-3,
        passes=("accuracy >= 0.8",),
        lost={"int8": 0.07, "qat": 0.05, "answers": 0.15},
    ),
)
def matrix_capsules(
    input_shape: tuple[int, int, int] = (32, 32, 1),
    *,
    num_classes: int = 5,
    filters: int = 32,
    capsules: tuple[int, ...] = (32, 32, 32),
    iterations: int = 3,
    inverse_temperature: float = 0.01,
) -> RisingMargin:
    """Build matrix capsules: a convolution, then primary, convolutional and class capsules.

    Each capsule has a 4x4 pose and an activation; those of a layer are found by EM routing of the
    votes of the layer below. The loss is `Spread`, whose margin rises in training. A file in
    integers loses some of the accuracy: every round of routing amplifies its rounding.

    Args:
        input_shape: Height, width and channels; sides of at least 17 pixels with two convolutional
            layers of capsules, and of 11 with one.
        num_classes: Number of classes.
        filters: Channels of the convolution.
        capsules: Kinds of primary capsules and of those of each convolutional layer, of which the
            first one halves the sides.
        iterations: Rounds of routing, at least 1.
        inverse_temperature: Steepness of the activations, above 0; fewer children need more.

    Returns:
        A model from images `(batch, height, width, channels)` to activations in (0, 1),
        `(batch, num_classes)`, in float32. They do not sum to 1.

    Raises:
        ValueError: If a window does not fit into the image or a count is not positive.

    Example:
        >>> matrix_capsules().count_params()
        316394

    Reference:
        https://openreview.net/forum?id=HJWLfGWRb
    """
    routing: dict[str, Any] = {"iterations": iterations, "inverse_temperature": inverse_temperature}
    primary, *convolutional = capsules
    image = keras.Input(input_shape, name="image")
    x = layers.Conv2D(filters, 5, 2, activation="relu", name="conv1")(image)
    x = PrimaryMatrixCapsules(primary, name="primary_capsules")(x)
    for number, kinds in enumerate(convolutional, 1):
        strides = 2 if number == 1 else 1
        x = ConvCapsule(kinds, strides=strides, name=f"conv_capsules{number}", **routing)(x)
    _, x = ClassCapsule(num_classes, name="class_capsules", **routing)(x)
    x = layers.Activation("linear", name="activations", dtype="float32")(x)
    return RisingMargin(image, x, name="matrix_capsules")
