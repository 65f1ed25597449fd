"""DenseCap: regions of a picture, found and described by one network."""

from collections.abc import Sequence

import keras
from keras import layers, ops

from kerascnn.layers import anchor_boxes, crop_around
from kerascnn.models.classification.vgg import block_ends
from kerascnn.registry import Experiment, register
from kerascnn.training import DenseCaptioner
from kerascnn.training.transfer import copy_by_name

# Heights and widths in pixels: squares, and rectangles of about their area.
_ANCHORS = tuple(
    size
    for short, side, long in ((45, 64, 90), (90, 128, 180), (181, 256, 362), (362, 512, 724))
    for size in ((long, short), (short, long), (side, side))
)
_VGG16 = (2, 2, 3, 3, 3)
_GRID = 7  # rows and columns of a region's features
_HIDDEN = {"activation": "relu", "kernel_initializer": "he_normal"}


@register(
    paper="https://arxiv.org/abs/1511.07571",
    tiny={
        "input_shape": (16, 16, 3),
        "num_tokens": 5,
        "filters": 4,
        "blocks": (1, 1),
        "rpn_filters": 4,
        "anchors": ((8, 8), (4, 6)),
        "regions": 4,
        "hidden": 8,
        "units": 8,
    },
    params=150_437_776,
    unsupported={
        "mixed_precision": "Keras's loss scaling overlooks infinite gradients of an Embedding"
    },
    experiment=Experiment(
        data="captioned_scenes",
        data_options={"count": 3000},
        model_options={
            "filters": 16,
            "blocks": (1, 1, 1),
            "rpn_filters": 64,
            "anchors": ((10, 10), (14, 14)),
            "regions": 16,
            "hidden": 64,
            "units": 64,
            "dropout": 0.0,
        },
        epochs=12,
        batch_size=32,
        passes=("map >= 0.7",),
    ),
)
def densecap(
    input_shape: tuple[int, int, int] = (720, 720, 3),
    *,
    num_tokens: int = 10_499,
    length: int = 16,
    filters: int = 64,
    blocks: Sequence[int] = _VGG16,
    rpn_filters: int = 256,
    anchors: Sequence[tuple[float, float]] = _ANCHORS,
    regions: int = 256,
    hidden: int = 4096,
    units: int = 512,
    dropout: float = 0.5,
    weights: str | None = None,
) -> keras.Model:
    """Build DenseCap: VGG-16, proposals of regions, a look into each, and an LSTM that describes.

    Proposals are corrected anchors. The features of each are read off bilinearly, 7 x 7 of them,
    so that the costs of what is said correct the proposals too. Two dense layers make a code of
    them, which the LSTM is told before the start of the words.

    Differs from the paper: as many regions are looked into at inference as in training, 256 instead
    of 300; and there is a logit of the start too, which is never said.

    Args:
        input_shape: Height, width and channels. `weights="imagenet"` expects what
            `keras.applications.vgg16.preprocess_input` gives.
        num_tokens: Number of words, the end, 0, and the start, 1, included.
        length: Most words of a phrase, the end included; it does not change the networks.
        filters: Channels of the first block of VGG, of which the others are multiples.
        blocks: Convolutions of each block of VGG.
        rpn_filters: Channels of the convolution before the proposals.
        anchors: Heights and widths in pixels.
        regions: Regions that are looked into, from 2 to the number of all anchors.
        hidden: Width of the two dense layers.
        units: Width of words, codes and the LSTM.
        dropout: Share of the dense layers' outputs dropped in training, in [0, 1).
        weights: None for random ones, or `"imagenet"` for those of the convolutions of
            `keras.applications.VGG16`, downloaded by Keras.

    Returns:
        A `DenseCaptioner`.

    Raises:
        ValueError: If there are fewer anchors than regions, or no such weights.

    Example:
        >>> kerascnn.create_model("densecap").deployable["encoder"].output["boxes"].shape
        (None, 24300, 4)

    Reference:
        https://arxiv.org/abs/1511.07571
    """
    _check(weights, (tuple(blocks), filters, input_shape[-1]))
    image = keras.Input(input_shape, name="image")
    features = block_ends(image, blocks, filters, padding="same", **_HIDDEN)[-1]
    if weights:
        copy_by_name(keras.applications.VGG16(include_top=False), keras.Model(image, features))
    rows, columns = features.shape[1:3]
    sizes = [(height / input_shape[0], width / input_shape[1]) for height, width in anchors]
    boxes = anchor_boxes(rows, columns, sizes)
    if not 2 <= regions <= len(boxes):
        raise ValueError(
            f"There must be 2 regions, and an anchor for each. Received: regions={regions}, "
            f"{len(boxes)} anchors"
        )
    token = keras.Input((), dtype="int32", name="token")
    word = layers.Embedding(num_tokens, units, name="words")(token)
    return DenseCaptioner(
        _proposer(image, features, rpn_filters, len(anchors)),
        _describer(features.shape[1:], regions, hidden, units, dropout),
        keras.Model(token, word, name="words"),
        _writer(num_tokens, units),
        anchors=boxes,
        name="densecap",
    )


def _proposer(image, features, filters, anchors):
    x = layers.Conv2D(filters, 3, padding="same", name="rpn", **_HIDDEN)(features)
    outputs = {"features": features}
    for name, numbers in (("offsets", 4), ("logits", 2)):
        start = keras.initializers.RandomNormal(stddev=1e-3)  # the first proposals are the anchors
        options = {"kernel_initializer": start, "dtype": "float32", "name": f"rpn_{name}"}
        y = layers.Conv2D(numbers * anchors, 1, **options)(x)
        outputs[name] = layers.Reshape((-1, numbers), name=name)(y)
    return keras.Model(image, outputs, name="proposer")


def _describer(shape, regions, hidden, units, dropout):
    features = keras.Input(shape, name="features")
    boxes = keras.Input((regions, 4), name="boxes")
    middle, side = (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]
    x = ops.reshape(crop_around(features, middle, side, _GRID), (-1, regions, _GRID**2 * shape[-1]))
    for number in (6, 7):
        x = layers.Dense(hidden, name=f"fc{number}", **_HIDDEN)(x)
        x = layers.Dropout(dropout, name=f"dropout{number}")(x)
    start = keras.initializers.RandomNormal(stddev=1e-3)
    options = {"kernel_initializer": start, "dtype": "float32"}
    outputs = {
        "offsets": layers.Dense(4, name="offsets", **options)(x),
        "logits": layers.Dense(1, name="logits", **options)(x),
        "codes": layers.Dense(units, name="codes", **_HIDDEN)(x),
    }
    return keras.Model({"features": features, "boxes": boxes}, outputs, name="describer")


def _writer(num_tokens, units):
    inputs = {name: keras.Input((units,), name=name) for name in ("word", "hidden", "cell")}
    cell = layers.LSTMCell(units, name="lstm")
    hidden, (_, memory) = cell(inputs["word"], [inputs["hidden"], inputs["cell"]])
    logits = layers.Dense(num_tokens, name="logits", dtype="float32")(hidden)
    outputs = {"logits": logits, "hidden": hidden, "cell": memory}
    return keras.Model(inputs, outputs, name="writer")


def _check(weights, network):
    if weights and (weights != "imagenet" or network != (_VGG16, 64, 3)):
        raise ValueError(
            "weights='imagenet' exist for VGG-16 with 3 channels. "
            f"Received: weights={weights!r} for {network}"
        )
