"""Tompson et al.'s part detector on an image pyramid, joined with a Markov random field."""

import keras
from keras import layers, ops

from kerascnn.losses import HeatmapError
from kerascnn.registry import Experiment, register
from kerascnn.training import AuxiliaryClassifiers, spatial_model

_NEIGHBOURHOOD = 9  # pixels a side within which contrast is normalised


@register(
    paper="https://arxiv.org/abs/1406.2984",
    tiny={
        "input_shape": (16, 16, 3),
        "filters": 4,
        "banks": 2,
        "kernel_size": 3,
        "window": 3,
        "displacement": 7,
    },
    params=21_760_722,
    experiment=Experiment(
        data="people",
        data_options={"count": 2000},
        model_options={
            "filters": 32,
            "banks": 1,
            "kernel_size": 3,
            "window": 3,
            "displacement": 23,
            "normalize": False,
        },
        epochs=16,
        batch_size=16,
        learning_rate=3e-3,
        passes=("pck_08 >= 0.87",),
    ),
)
def tompson(
    input_shape: tuple[int, int, int] = (240, 320, 3),
    *,
    num_points: int = 14,
    filters: int = 128,
    banks: int = 3,
    kernel_size: int = 5,
    window: int = 9,
    displacement: int = 128,
    normalize: bool = True,
) -> keras.Model:
    """Build a part detector, which gives heat maps, and a spatial model of what they say together.

    Each bank of convolutions looks at one level of a Laplacian pyramid, so that the maps, of a
    quarter of the image's sides, rest on fine and on coarse structure. Maps of both the detector
    and the spatial model have a loss in training; the deployable model gives those of the latter.

    Differs from the paper: detector and spatial model are trained together from the start, every
    layer is padded, and kernels and biases of the spatial model stay positive by a constraint, not
    as the softplus of something.

    Args:
        input_shape: Height, width and channels; sides that can be halved as often as there are
            banks, and once more.
        num_points: Number of key points.
        filters: Channels of the convolutions; those of the last are 4 and 2 times as many.
        banks: Levels of the pyramid, at least 1.
        kernel_size: Side of the first three kernels, in pixels.
        window: Side of the kernel with which the maps are predicted, in pixels.
        displacement: Side of the spatial model's kernels, in pixels of the maps.
        normalize: Divide the levels of the pyramid by their local contrast.

    Returns:
        A model from images `(batch, height, width, channels)` to heat maps
        `(batch, height / 4, width / 4, num_points)` in float32, whose `deployable` is functional.

    Raises:
        ValueError: If a number is not positive, or a side cannot be halved that often.

    Example:
        >>> tompson().deployable.output_shape
        (None, 60, 80, 14)

    Reference:
        https://arxiv.org/abs/1406.2984
    """
    _check(input_shape, banks)
    image = keras.Input(input_shape, name="image")
    found = []
    for level, x in enumerate(_pyramid(image, banks), 1):
        if normalize:
            x = _normalized(x, f"level{level}")
        x = _bank(x, filters, kernel_size, window, f"bank{level}")
        if level > 1:
            x = layers.UpSampling2D(2 ** (level - 1), name=f"bank{level}_upsampling")(x)
        found.append(x)
    x = layers.Add(name="sum")(found) if banks > 1 else found[0]
    x = layers.ReLU(name="hidden")(x)
    hidden = {"activation": "relu", "kernel_initializer": "he_normal"}
    x = layers.Conv2D(2 * filters, 1, name="conv5", **hidden)(x)
    parts = layers.Conv2D(num_points, 1, name="parts", dtype="float32")(x)
    maps = spatial_model(parts, displacement)
    network = keras.Model(image, [maps, parts], name="network")
    return AuxiliaryClassifiers(network, weight=1.0, loss=HeatmapError(), name="tompson")


def _pyramid(x, banks):
    """Give the levels of a Laplacian pyramid, the finest first."""
    levels = []
    for level in range(1, banks):
        coarse = layers.AveragePooling2D(2, name=f"level{level}_halved")(x)
        smooth = layers.UpSampling2D(2, name=f"level{level}_smooth")(coarse)
        levels.append(layers.Subtract(name=f"level{level}")([x, smooth]))
        x = coarse
    return [*levels, x]


def _normalized(x, name):
    """Divide what is above the local mean by the local deviation, or its mean where that is more.

    Plain walls are not enlarged to noise: Jarrett et al. 2009.
    """
    side = {"pool_size": _NEIGHBOURHOOD, "strides": 1, "padding": "same"}
    mean = layers.AveragePooling2D(**side, name=f"{name}_mean")(x)
    x = layers.Subtract(name=f"{name}_centred")([x, mean])
    variance = layers.AveragePooling2D(**side, name=f"{name}_variance")(x * x)
    usual = ops.mean(variance, axis=(1, 2), keepdims=True)
    return x * ops.rsqrt(ops.maximum(variance, usual) + 1e-3)


def _bank(x, filters, kernel_size, window, name):
    """Halve a level of the pyramid twice, and look at windows of it."""
    same = {"padding": "same", "kernel_initializer": "he_normal"}
    for number in (1, 2, 3):
        step = f"{name}_conv{number}"
        x = layers.Conv2D(filters, kernel_size, activation="relu", name=step, **same)(x)
        if number < 3:
            x = layers.MaxPooling2D(2, name=f"{name}_pool{number}")(x)
    return layers.Conv2D(4 * filters, window, name=f"{name}_conv4", **same)(x)


def _check(input_shape, banks):
    if banks < 1:
        raise ValueError(f"There must be a bank at least. Received: banks={banks}")
    least = 2 ** (banks + 1)
    if any(side % least for side in input_shape[:2]):
        raise ValueError(
            f"Sides must be divisible by {least}. Received: input_shape={tuple(input_shape)}"
        )
