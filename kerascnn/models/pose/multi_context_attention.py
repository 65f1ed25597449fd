"""Chu et al.'s stacked hourglasses that attend first to the body, then to each of its parts."""

import keras
from keras import layers

from kerascnn.layers import CRFAttention, HourglassResidual
from kerascnn.losses import HeatmapError
from kerascnn.registry import Experiment, register
from kerascnn.training import AuxiliaryClassifiers

_SMALL = {"stacks": 2, "holistic": 1}
_QUICK = {"kernel_size": 3, "iterations": 1}


@register(
    paper="https://arxiv.org/abs/1702.07432",
    tiny={**_SMALL, **_QUICK, "input_shape": (16, 16, 3), "filters": 16, "depth": 1},
    params=58_437_208,
    experiment=Experiment(
        data="people",
        data_options={"count": 2000},
        model_options={**_SMALL, "filters": 32, "depth": 2, "kernel_size": 5},
        epochs=16,
        batch_size=16,
        learning_rate=5e-3,
        passes=("pck_08 >= 0.81",),
    ),
)
def multi_context_attention(
    input_shape: tuple[int, int, int] = (256, 256, 3),
    *,
    num_points: int = 16,
    stacks: int = 8,
    holistic: int = 4,
    filters: int = 256,
    depth: int = 4,
    kernel_size: int = 11,
    iterations: int = 3,
) -> keras.Model:
    """Build hourglasses one after the other, whose features an attention map weighs.

    Each hourglass weighs its features by one map of where the body is, and predicts heat maps of a
    quarter of the image's sides, which the next one corrects. The last ones weigh them once more,
    by a map for each point. All have a loss in training; those of the last hourglass are deployed.

    Differs from the paper: as in its authors' code, attention is not also averaged over the
    resolutions inside an hourglass, and biases that batch normalisation removes are left out.

    Args:
        input_shape: Height, width and channels; sides divisible by `2**(depth + 2)`.
        num_points: Number of key points.
        stacks: Number of hourglasses, at least 2.
        holistic: How many hourglasses, from the first on, attend to the body alone.
        filters: Channels of the hourglasses, divisible by 8.
        depth: How often an hourglass halves the sides, at least 1.
        kernel_size: Side of the window in which pixels agree on whether they matter, in pixels.
        iterations: Steps to that agreement.

    Returns:
        A model from images `(batch, height, width, channels)` to heat maps
        `(batch, height / 4, width / 4, num_points)` in float32, whose `deployable` is functional.

    Raises:
        ValueError: If there is one hourglass, or the sides or filters cannot be halved that often.

    Example:
        >>> multi_context_attention().deployable.output_shape
        (None, 64, 64, 16)

    Reference:
        https://arxiv.org/abs/1702.07432
    """
    _check(input_shape, stacks, filters, depth)
    attention = {"kernel_size": kernel_size, "iterations": iterations}
    image = keras.Input(input_shape, name="image")
    x = _stem(image, filters)
    found = []
    for stack in range(1, stacks + 1):
        name = f"stack{stack}"
        width = filters if stack < stacks else 2 * filters
        inner = _projected(_hourglass(x, filters, depth, name), width, f"{name}_inner")
        y = _projected(inner, width, f"{name}_features")
        y = CRFAttention(**attention, name=f"{name}_attention")(y)
        if stack <= holistic:
            maps = layers.Conv2D(num_points, 1, name=f"{name}_maps", dtype="float32")(y)
        else:
            maps = _parts(y, num_points, attention, name)
        found.append(maps)
        if stack < stacks:
            inner = _projected(inner, filters, f"{name}_onward")
            told = layers.Conv2D(filters, 1, name=f"{name}_told")(maps)
            inner = layers.Add(name=f"{name}_message")([inner, told])
            x = layers.Add(name=f"{name}_sum")([x, inner])
    network = keras.Model(image, found[::-1], name="network")
    return AuxiliaryClassifiers(
        network, weight=1.0, loss=HeatmapError(), name="multi_context_attention"
    )


def _stem(x, filters):
    x = _projected(x, filters // 4, "stem", kernel_size=7)
    for number, share in enumerate((4, 4, 2, 2, 2, 1), 1):
        x = HourglassResidual(filters // share, name=f"stem_unit{number}")(x)
        if number in (1, 3):
            x = layers.MaxPooling2D(2, name=f"stem_pool{number}")(x)
    return x


def _hourglass(x, filters, depth, stack):
    """Add what is seen from `depth` halvings of the sides to what is seen at this size."""
    name = f"{stack}_level{depth}"
    upper, lower = x, layers.MaxPooling2D(2, name=f"{name}_pool")(x)
    for number in range(1, max(depth, 2)):
        unit = HourglassResidual(filters, pooled=number > 1, name=f"{name}_upper{number}")
        upper = unit(upper)
    lower = HourglassResidual(filters, name=f"{name}_lower1")(lower)
    if depth > 1:
        lower = _hourglass(lower, filters, depth - 1, stack)
    else:
        lower = HourglassResidual(filters, name=f"{name}_lower2")(lower)
    lower = HourglassResidual(filters, name=f"{name}_lower3")(lower)
    lower = layers.UpSampling2D(2, name=f"{name}_upsampling")(lower)
    return layers.Add(name=f"{name}_sum")([upper, lower])


def _projected(x, filters, name, kernel_size=1):
    own = {"padding": "same", "use_bias": False, "kernel_initializer": "he_normal"}
    x = layers.Conv2D(filters, kernel_size, name=f"{name}_conv", **own)(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def _parts(x, num_points, attention, name):
    """Look for each point with an attention of its own."""
    maps = []
    for part in range(1, num_points + 1):
        y = CRFAttention(**attention, name=f"{name}_part{part}_attention")(x)
        maps.append(layers.Conv2D(1, 1, name=f"{name}_part{part}", dtype="float32")(y))
    return layers.Concatenate(name=f"{name}_maps", dtype="float32")(maps)


def _check(input_shape, stacks, filters, depth):
    if stacks < 2 or depth < 1 or filters < 8 or filters % 8:
        raise ValueError(
            "There must be two hourglasses, each halve the sides, and filters be divisible by 8. "
            f"Received: stacks={stacks}, depth={depth}, filters={filters}"
        )
    if any(side % 2 ** (depth + 2) for side in input_shape[:2]):
        received = f"Received: input_shape={tuple(input_shape)}"
        raise ValueError(f"Sides must be divisible by {2 ** (depth + 2)}. {received}")
