"""DenseCap: regions of a picture, found and described by one network."""

from collections.abc import Sequence

import keras
from keras import layers, ops
from keras.initializers import RandomNormal

from kerascnn.layers import anchor_boxes, crop_around
from kerascnn.layers.boxes import centre_and_size
from kerascnn.models.vgg_blocks import HIDDEN, VGG16, block_ends, load_vgg16
from kerascnn.registry import Experiment, register
from kerascnn.training import DenseCaptioner
from kerascnn.training.detection import lstm_writer, predict_rows

_SIDES = ((45, 64, 90), (90, 128, 180), (181, 256, 362), (362, 512, 724))
# Heights and widths in pixels: squares, and rectangles of about their area.
_ANCHORS = tuple(size for a, b, c in _SIDES for size in ((c, a), (a, c), (b, b)))


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
        epochs=20,
        batch_size=32,
        passes=("map >= 0.8",),
    ),
)
def densecap(
    input_shape: tuple[int, int, int] = (720, 720, 3),
    *,
    num_tokens: int = 10_499,
    length: int = 16,
    filters: int = 64,
    blocks: Sequence[int] = VGG16,
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
    image = keras.Input(input_shape, name="image")
    features = block_ends(image, blocks, filters, padding="same", **HIDDEN)[-1]
    load_vgg16(image, features, weights, blocks, filters)
    shares = [(height / input_shape[0], width / input_shape[1]) for height, width in anchors]
    boxes = anchor_boxes(features.shape[1], features.shape[2], shares)
    if not 2 <= regions <= len(boxes):
        raise ValueError(f"There must be 2 to {len(boxes)} regions. Received: regions={regions}")
    token = keras.Input((), dtype="int32", name="token")
    return DenseCaptioner(
        _proposer(image, features, rpn_filters, len(anchors)),
        _describer(features.shape[1:], regions, hidden, units, dropout),
        keras.Model(token, layers.Embedding(num_tokens, units)(token), name="words"),
        lstm_writer(num_tokens, units),
        anchors=boxes,
        name="densecap",
    )


def _proposer(image, features, filters, anchors):
    x = layers.Conv2D(filters, 3, padding="same", name="rpn", **HIDDEN)(features)
    outputs = {
        name: predict_rows([x], [anchors], numbers, name=name, kernel_size=1, deviation=1e-3)
        for name, numbers in (("offsets", 4), ("logits", 2))
    }
    return keras.Model(image, {"features": features, **outputs}, name="proposer")


def _describer(shape, regions, hidden, units, dropout):
    features = keras.Input(shape, name="features")
    boxes = keras.Input((regions, 4), name="boxes")
    windows = crop_around(features, *centre_and_size(boxes), 7)
    x = ops.reshape(windows, (-1, regions, 7 * 7 * shape[-1]))
    for number in (6, 7):
        x = layers.Dense(hidden, name=f"fc{number}", **HIDDEN)(x)
        x = layers.Dropout(dropout, name=f"dropout{number}")(x)
    options = {"kernel_initializer": RandomNormal(stddev=1e-3), "dtype": "float32"}
    outputs = {
        "offsets": layers.Dense(4, name="offsets", **options)(x),
        "logits": layers.Dense(1, name="logits", **options)(x),
        "codes": layers.Dense(units, name="codes", **HIDDEN)(x),
    }
    return keras.Model({"features": features, "boxes": boxes}, outputs, name="describer")
