"""SSD, which corrects and classifies default boxes on feature maps of several scales."""

import keras
from keras import layers

from kerascnn.layers import default_boxes
from kerascnn.losses import MultiBox
from kerascnn.models.vgg_blocks import HIDDEN, VGG16, block_ends, load_vgg16
from kerascnn.registry import Experiment, register
from kerascnn.training import SingleShot
from kerascnn.training.detection import anchored_head, predict_rows

_SCALES = (0.1, 0.2, 0.375, 0.55, 0.725, 0.9, 1.075)
_RATIOS = ((2,), (2, 3), (2, 3), (2, 3), (2,), (2,))
# Channels of the 1x1 and the 3x3 convolution as multiples of the filters, and how the latter moves.
_EXTRAS = (
    (4, 8, {"strides": 2, "padding": "same"}),
    (2, 4, {"strides": 2, "padding": "same"}),
    (2, 4, {"padding": "valid"}),
    (2, 4, {"padding": "valid"}),
)


@register(
    paper="https://arxiv.org/abs/1512.02325",
    tiny={
        "input_shape": (32, 32, 3),
        "filters": 4,
        "blocks": (1, 1, 1, 1),
        "extras": 1,
        "dilation": 2,
        "scales": (0.2, 0.4, 0.6, 0.8),
        "ratios": ((2,), (2, 3), (2,)),
    },
    params=26_285_486,
    experiment=Experiment(
        data="shapes",
        data_options={"size": 48, "count": 1500},
        model_options={
            "filters": 12,
            "blocks": (1, 1, 2, 2),
            "extras": 0,
            "dilation": 2,
            "scales": (0.3, 0.45, 0.6),
            "ratios": ((), ()),
        },
        epochs=12,
        batch_size=16,
        passes=("map_50 >= 0.95", "map_75 >= 0.8"),
    ),
)
def ssd300(
    input_shape: tuple[int, int, int] = (300, 300, 3),
    *,
    num_classes: int = 20,
    filters: int = 64,
    blocks: tuple[int, ...] = VGG16,
    extras: int = 4,
    dilation: int = 6,
    scales: tuple[float, ...] = _SCALES,
    ratios: tuple[tuple[float, ...], ...] = _RATIOS,
    weights: str | None = None,
) -> keras.Model:
    """Build SSD300: VGG-16, further halvings, and two convolutions on each of six maps.

    The maps are the last but one block of VGG, its last one after the convolutions that replace the
    dense layers, and the extra ones. On the first, the channels of each pixel have a length of 20
    at the start.

    Differs from the paper: what replaces VGG's dense layers starts at random.

    Args:
        input_shape: Height, width and channels. `weights="imagenet"` expects what
            `keras.applications.vgg16.preprocess_input` gives.
        num_classes: Number of classes, without the background.
        filters: Channels of the first block, of which the others are multiples.
        blocks: Convolutions of each block of VGG, two blocks at least.
        extras: Number of extra maps, 0 to 4.
        dilation: Dilation of the convolution that replaces the first dense layer.
        scales: Side of the square box of each map as a share of the image's, and one more.
        ratios: Width by height of the further boxes of each map, above 1.
        weights: None for random ones, or `"imagenet"` for those of the convolutions of
            `keras.applications.VGG16`, downloaded by Keras.

    Returns:
        A `SingleShot` whose `deployable` maps images `(batch, height, width, channels)` to `boxes`,
        `(batch, n, 4)` in [0, 1], and `scores`, probabilities `(batch, n, num_classes)`, both in
        float32.

    Raises:
        ValueError: If there are not as many scales and ratios as maps, a number is out of range, or
            there are no such weights.

    Example:
        >>> kerascnn.create_model("ssd300").deployable.output["boxes"].shape
        (None, 8732, 4)

    Reference:
        https://arxiv.org/abs/1512.02325
    """
    _check(blocks, extras)
    image = keras.Input(input_shape, name="image")
    *_, first, trunk = block_ends(image, blocks, filters, padding="same", **HIDDEN)
    load_vgg16(image, trunk, weights, blocks, filters)
    maps = [_rescaled(first), *_further(trunk, filters, extras, dilation)]
    anchors = default_boxes([one.shape[1:3] for one in maps], scales, ratios)
    counts = [2 + 2 * len(further) for further in ratios]
    offsets = predict_rows(maps, counts, 4, name="boxes")
    logits = predict_rows(maps, counts, num_classes + 1, name="scores")
    network = keras.Model(image, [offsets, logits], name="network")
    head = anchored_head(anchors, num_classes)
    return SingleShot(network, head, loss=MultiBox(anchors), name="ssd300")


def _rescaled(x):
    """Scale the channels of each pixel to a length of 20, and then to what is learned."""
    x = layers.UnitNormalization(name="normalization", dtype="float32")(x)
    start = {"use_bias": False, "depthwise_initializer": keras.initializers.Constant(20.0)}
    return layers.DepthwiseConv2D(1, name="normalization_scale", **start)(x)


def _further(x, filters, extras, dilation):
    """Give the maps after VGG's."""
    x = layers.MaxPooling2D(3, 1, padding="same", name="pool5")(x)
    apart = {"padding": "same", "dilation_rate": dilation}
    x = layers.Conv2D(16 * filters, 3, name="fc6", **apart, **HIDDEN)(x)
    x = layers.Conv2D(16 * filters, 1, name="fc7", **HIDDEN)(x)
    maps = [x]
    for number, (narrow, wide, moves) in enumerate(_EXTRAS[:extras], 6):
        x = layers.Conv2D(narrow * filters, 1, name=f"conv{number}_1", **HIDDEN)(x)
        x = layers.Conv2D(wide * filters, 3, name=f"conv{number}_2", **moves, **HIDDEN)(x)
        maps.append(x)
    return maps


def _check(blocks, extras):
    if len(blocks) < 2 or not 0 <= extras <= len(_EXTRAS):
        raise ValueError(
            "There must be two blocks at least, and 0 to 4 extra maps. "
            f"Received: blocks={tuple(blocks)}, extras={extras}"
        )
