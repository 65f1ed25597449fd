"""YOLO, which sees in a grid what is where, by one network without default boxes."""

import keras
from keras import layers

from kerascnn.losses import GridBoxes
from kerascnn.registry import Experiment, register
from kerascnn.training import SingleShot
from kerascnn.training.detection import grid_head

_POOL = "pool"
# Channels and kernel size of each convolution, and its strides where they are not 1.
_CONVOLUTIONS = (
    *((64, 7, 2), _POOL, (192, 3), _POOL),
    *((128, 1), (256, 3), (256, 1), (512, 3), _POOL),
    *((256, 1), (512, 3)) * 4,
    *((512, 1), (1024, 3), _POOL),
    *((512, 1), (1024, 3)) * 2,
    *((1024, 3), (1024, 3, 2), (1024, 3), (1024, 3)),
)
_SMALL = (
    *((16, 3), _POOL, (32, 3), _POOL, (32, 1), (64, 3), _POOL),
    *((64, 1), (128, 3), (128, 3)),
)


@register(
    paper="https://arxiv.org/abs/1506.02640",
    tiny={
        "input_shape": (32, 32, 3),
        "convolutions": ((4, 3, 2), _POOL, (8, 3), _POOL, (4, 1), (8, 3)),
        "units": 16,
    },
    params=271_703_550,
    experiment=Experiment(
        data="shapes",
        data_options={"size": 48, "count": 2000},
        model_options={"convolutions": _SMALL, "units": 0},
        epochs=18,
        batch_size=16,
        passes=("map_50 >= 0.75",),
    ),
)
def yolo_v1(
    input_shape: tuple[int, int, int] = (448, 448, 3),
    *,
    num_classes: int = 20,
    boxes: int = 2,
    convolutions: tuple[tuple[int, ...] | str, ...] = _CONVOLUTIONS,
    units: int = 4096,
    dropout: float = 0.5,
) -> keras.Model:
    """Build YOLO: convolutions down to a grid of 7 x 7 cells, and two dense layers.

    Each cell predicts boxes whose centre is in it, how sure it is of each, and one class for all.

    Differs from the paper: weights start at He's scale, where the paper began with convolutions
    trained on ImageNet.

    Args:
        input_shape: Height, width and channels; sides that can be halved as often as the
            convolutions say, 6 times by default.
        num_classes: Number of classes, without the background.
        boxes: Boxes of a cell.
        convolutions: Channels, kernel size and, where they are not 1, strides of each convolution,
            and `"pool"` for a halving.
        units: Width of the hidden dense layer; 0 for a convolution of 1x1 instead of both dense
            layers, which fits small data better.
        dropout: Share of its outputs dropped in training, in [0, 1).

    Returns:
        A `SingleShot` whose `deployable` maps images `(batch, height, width, channels)` to `boxes`,
        `(batch, n, 4)` in [0, 1], and `scores`, `(batch, n, num_classes)` in [0, 1], both in
        float32.

    Raises:
        ValueError: If a side cannot be halved that often.

    Example:
        >>> kerascnn.create_model("yolo_v1").deployable.output["boxes"].shape
        (None, 98, 4)

    Reference:
        https://arxiv.org/abs/1506.02640
    """
    _check(input_shape, convolutions)
    x = image = keras.Input(input_shape, name="image")
    for number, row in enumerate(convolutions, 1):
        x = _pooled(x, number) if row == _POOL else _convolved(x, number, *row)
    rows, columns = x.shape[1:3]
    depth = boxes * 5 + num_classes
    if units:
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(units, kernel_initializer="he_normal", name="hidden")(x)
        x = layers.LeakyReLU(0.1, name="hidden_activation")(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        x = layers.Dense(rows * columns * depth, name="cells", dtype="float32")(x)
        x = layers.Reshape((rows, columns, depth), name="grid")(x)
    else:
        x = layers.Conv2D(depth, 1, name="grid", dtype="float32")(x)
    network = keras.Model(image, x, name="network")
    head = grid_head((rows, columns, depth), boxes)
    return SingleShot(network, head, loss=GridBoxes(boxes), name="yolo_v1")


def _pooled(x, number):
    return layers.MaxPooling2D(2, name=f"pool{number}")(x)


def _convolved(x, number, filters, kernel_size, strides=1):
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding="same",
        kernel_initializer="he_normal",
        name=f"conv{number}",
    )(x)
    return layers.LeakyReLU(0.1, name=f"conv{number}_activation")(x)


def _check(input_shape, convolutions):
    least = 1
    for row in convolutions:
        least *= 2 if row == _POOL else (*row, 1)[2]
    if any(side % least for side in input_shape[:2]):
        raise ValueError(
            f"Sides must be divisible by {least}. Received: input_shape={tuple(input_shape)}"
        )
