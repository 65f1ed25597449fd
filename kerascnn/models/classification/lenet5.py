"""LeNet-5, the convolutional network that read cheques."""

from typing import Any

import keras
from keras import layers

from kerascnn.registry import Experiment, register

_POOLING = {"average": layers.AveragePooling2D, "max": layers.MaxPooling2D}
_SMALLEST = 16


@register(
    paper="http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf",
    tiny={"input_shape": (16, 16, 1)},
    params=61_706,
    experiment=Experiment(
        data="translated_digits",
        data_options={"noise": 0.1, "count": 6000},
        model_options={"activation": "relu", "pooling": "max"},
        epochs=20,
        passes=("accuracy >= 0.8",),
    ),
)
def lenet5(
    input_shape: tuple[int, int, int] = (32, 32, 1),
    *,
    num_classes: int = 10,
    activation: Any = "tanh",
    pooling: str = "average",
    classifier_activation: Any = "softmax",
) -> keras.Model:
    """Build LeNet-5: two convolutions with pooling and three dense layers.

    Differs from the paper: every map of C3 sees all six maps of S2, sub-sampling has no weights,
    tanh is not scaled, and a softmax layer stands in place of the radial basis functions.

    Args:
        input_shape: Height, width and channels; sides of at least 16 pixels.
        num_classes: Number of classes.
        activation: Activation of all layers but the last.
        pooling: `"average"` or `"max"`.
        classifier_activation: Activation of the last layer; None gives logits.

    Returns:
        A model from images `(batch, height, width, channels)` to probabilities
        `(batch, num_classes)` in float32.

    Raises:
        ValueError: If a side is below 16 pixels or the pooling is unknown.

    Example:
        >>> lenet5().count_params()
        61706

    Reference:
        http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf
    """
    if min(input_shape[:2]) < _SMALLEST:
        raise ValueError(
            f"Sides must be at least {_SMALLEST}. Received: input_shape={tuple(input_shape)}"
        )
    if pooling not in _POOLING:
        raise ValueError(f"pooling must be one of {tuple(_POOLING)}. Received: pooling={pooling!r}")
    x = image = keras.Input(input_shape, name="image")
    for filters, convolution, subsampling in ((6, "c1", "s2"), (16, "c3", "s4")):
        x = layers.Conv2D(filters, 5, activation=activation, name=convolution)(x)
        x = _POOLING[pooling](2, name=subsampling)(x)
    x = layers.Flatten(name="flatten")(x)
    for units, dense in ((120, "c5"), (84, "f6")):
        x = layers.Dense(units, activation=activation, name=dense)(x)
    x = layers.Dense(
        num_classes, activation=classifier_activation, name="predictions", dtype="float32"
    )(x)
    return keras.Model(image, x, name="lenet5")
