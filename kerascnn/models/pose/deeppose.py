"""DeepPose, a cascade of AlexNets that regress coordinates and look again at what they found."""

import keras
import numpy as np
from keras import layers, ops

from kerascnn.layers import crop_around
from kerascnn.losses import KeypointError
from kerascnn.models.classification.alexnet import alexnet
from kerascnn.registry import Experiment, register
from kerascnn.training import AuxiliaryClassifiers

_SMALL = {"stages": 2, "trunk": (0, 1), "kernel_size": 5, "strides": 1}


@register(
    paper="https://arxiv.org/abs/1312.4659",
    tiny={**_SMALL, "input_shape": (19, 19, 3), "width": 1 / 32, "units": 8},
    params=175_188_180,
    unsupported={"equal_bits": "each stage amplifies the last bit of kernels other than XNNPACK's"},
    experiment=Experiment(
        data="people",
        data_options={"count": 2500},
        model_options={
            **_SMALL,
            "scale": 1.5,
            "crop_size": 20,
            "width": 1 / 8,
            "units": 128,
            "dropout": 0.0,
        },
        epochs=14,
        batch_size=16,
        learning_rate=2e-3,
        passes=("pck_08 >= 0.7",),
    ),
)
def deeppose(
    input_shape: tuple[int, int, int] = (227, 227, 3),
    *,
    num_points: int = 14,
    stages: int = 3,
    trunk: tuple[int, int] = (9, 2),
    scale: float = 2.0,
    crop_size: int | None = None,
    noise: float = 0.03,
    kernel_size: int = 11,
    strides: int = 4,
    width: float = 1.0,
    units: int = 4096,
    dropout: float = 0.6,
    normalize: bool = True,
) -> keras.Model:
    """Build DeepPose: an AlexNet that finds all points, and others that correct one at a time.

    A later stage sees a window around each point, `scale` times as large as the trunk, and moves
    the point. All stages have a loss in training; the deployable model gives the last one's points.

    Differs from the paper: stages are trained together, each on what the one before gives, with
    noise; a side of 227 pixels is what its 220 stand for, and weights start at He's scale.

    Args:
        input_shape: Height, width and channels, as `alexnet` takes them.
        num_points: Number of key points, at least 2.
        stages: Number of stages, at least 2.
        trunk: Two points on opposite ends of the trunk, as indices; a shoulder and the other side's
            hip in the order of Leeds Sports Pose.
        scale: Side of the windows, in lengths of the trunk.
        crop_size: Side to which windows are resized, in pixels; the image's height when None.
        noise: Standard deviation of what is added in training to the points that a later stage
            starts from, as a share of the image's sides.
        kernel_size: Side of the first kernels, in pixels.
        strides: Pixels between two places of the first kernels.
        width: Factor for the channels of all convolutions, above 0.
        units: Width of the two hidden dense layers.
        dropout: Share of the dense layers' outputs dropped in training, in [0, 1).
        normalize: Normalise by local responses.

    Returns:
        A model from images `(batch, height, width, channels)` to points `(batch, num_points, 2)`,
        (y, x) in [0, 1] where they are in the image, in float32; its `deployable` is functional.

    Raises:
        ValueError: If there is one stage, or no such point.

    Example:
        >>> deeppose().network.get_layer("stage1").count_params()
        58396060

    Reference:
        https://arxiv.org/abs/1312.4659
    """
    _check(stages, trunk, num_points)
    regressor = {
        "num_classes": 2 * num_points,
        "classifier_activation": None,
        "groups": 1,
        "kernel_size": kernel_size,
        "strides": strides,
        "width": width,
        "units": units,
        "dropout": dropout,
        "normalize": normalize,
    }
    image = keras.Input(input_shape, name="image")
    found = _stage(image, input_shape, 1, regressor)
    points = [ops.reshape(found, (-1, num_points, 2)) + 0.5]
    size = crop_size or input_shape[0]
    for number in range(2, stages + 1):
        start = layers.GaussianNoise(noise, dtype="float32")(points[-1])
        first, last = (start[:, end : end + 1] for end in trunk)  # (batch, 1, 2)
        across = first - last
        square = ops.sum(across * across, axis=-1, keepdims=True) + 1e-4
        side = scale * square * ops.rsqrt(square)
        windows = ops.reshape(
            crop_around(image, start, side, size), (-1, size, size, *image.shape[3:])
        )
        found = _stage(windows, windows.shape[1:], number, regressor)
        # Of what is said of all points, the one in the middle of the window counts.
        moves = ops.reshape(found, (-1, num_points, num_points, 2))
        own = ops.sum(moves * np.eye(num_points, dtype="float32")[..., None], axis=2)
        points.append(start + side * own)
    outputs = [
        layers.Identity(dtype="float32", name=f"points{n}")(x) for n, x in enumerate(points, 1)
    ]
    network = keras.Model(image, outputs[::-1], name="network")
    return AuxiliaryClassifiers(network, weight=1.0, loss=KeypointError(), name="deeppose")


def _stage(x, shape, number, regressor):
    network = alexnet(shape, **regressor)
    network.name = f"stage{number}"
    return network(x)


def _check(stages, trunk, num_points):
    if stages < 2:
        raise ValueError(f"There must be two stages at least. Received: stages={stages}")
    if len({*trunk}) != 2 or not all(0 <= end < num_points for end in trunk):
        raise ValueError(
            f"A trunk must be two of the points 0..{num_points - 1}. Received: trunk={trunk}"
        )
