"""Yu and Koltun's network: VGG that dilates instead of pooling, and a module that sees context."""

import keras
from keras import layers

from kerascnn.layers import ContextModule
from kerascnn.models.vgg_blocks import HIDDEN, VGG16, block_ends, load_vgg16
from kerascnn.registry import Experiment, register


@register(
    paper="https://arxiv.org/abs/1511.07122",
    variants={
        "dilated_front_end": {"context": None},
        "dilated_context_network_large": {"context": "large"},
    },
    tiny={
        "input_shape": (16, 20, 3),
        "filters": 4,
        "blocks": (1, 1, 1),
        "units": 8,
        "kernel_size": 3,
    },
    params={
        "dilated_front_end": 134_346_581,
        "dilated_context_network": 134_374_973,
        "dilated_context_network_large": 141_149_720,
    },
    experiment=Experiment(
        data="shapes",
        data_options={"lamp": True, "count": 1000},
        model_options={
            "filters": 16,
            "blocks": (2, 2),
            "units": 32,
            "kernel_size": 1,
            "dropout": 0.0,
            "features": 16,
        },
        epochs=20,
        batch_size=8,
        learning_rate=2e-3,
        passes=("mean_iou >= 0.65",),
    ),
)
def dilated_context_network(
    input_shape: tuple[int, int, int] = (512, 512, 3),
    *,
    num_classes: int = 21,
    blocks: tuple[int, ...] = VGG16,
    filters: int = 64,
    units: int = 4096,
    kernel_size: int = 7,
    dropout: float = 0.5,
    context: str | None = "basic",
    features: int | None = None,
    weights: str | None = None,
) -> keras.Model:
    """Build a front end that scores pixels, and a context module that corrects the scores.

    The front end is VGG without its last two pools; what followed the first of them is dilated by
    2, what followed both by 4, so that kernels see what they saw, at a resolution four times as
    fine. The context module starts by passing on what scores have above 0.

    Differs from the paper: convolutions are padded with zeros, so that an image and its mask have
    one size; both parts are trained at once, where it trained the front end first; and the layers
    that were VGG's dense ones start at random.

    Args:
        input_shape: Height, width and channels; sides that can be halved at every pool, three times
            here, or None. `weights="imagenet"` expects what
            `keras.applications.vgg16.preprocess_input` gives.
        num_classes: Number of classes, the background included.
        blocks: Convolutions of each block of VGG, of which there are two at least; no pool follows
            the last two.
        filters: Channels of the first block, doubled up to the eightfold at each of the next ones.
        units: Channels of the two layers that were dense.
        kernel_size: Side of the kernel of the first of these.
        dropout: Share of the two layers' outputs dropped in training, in [0, 1).
        context: Variant of the `ContextModule`, `"basic"` or `"large"`; None for no module.
        features: Channels of the scores that go into the context module, and come out; None for
            `num_classes`. Others are followed by a 1x1 convolution.
        weights: None for random ones, or `"imagenet"` for those of the convolutions of
            `keras.applications.VGG16`, downloaded by Keras.

    Returns:
        A model from images `(batch, height, width, channels)` to logits
        `(batch, height, width, num_classes)` in float32.

    Raises:
        ValueError: If the sides cannot be halved that often, a number is out of its range, or there
            are no such weights.

    Example:
        >>> kerascnn.create_model("dilated_context_network").count_params()
        134374973

    Reference:
        https://arxiv.org/abs/1511.07122
    """
    times = 2 ** (len(blocks) - 2)
    _check(input_shape, blocks, times)
    image = keras.Input(input_shape, name="image")
    x = block_ends(image, blocks[:-1], filters, **HIDDEN)[-1]
    channels = filters * 2 ** min(len(blocks) - 1, 3)
    for number in range(1, blocks[-1] + 1):
        name = f"block{len(blocks)}_conv{number}"
        x = layers.Conv2D(channels, 3, name=name, padding="same", dilation_rate=2, **HIDDEN)(x)
    load_vgg16(image, x, weights, blocks, filters)
    for name, side in (("fc6", kernel_size), ("fc7", 1)):
        apart = {"padding": "same", "dilation_rate": 4 if name == "fc6" else 1}
        x = layers.Conv2D(units, side, name=name, **apart, **HIDDEN)(x)
        x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    x = layers.Conv2D(features or num_classes, 1, name="score")(x)
    if context:
        x = ContextModule(variant=context, name="context")(x)
    if features:
        x = layers.Conv2D(num_classes, 1, name="classes", dtype="float32")(x)
    if times > 1:
        x = layers.UpSampling2D(times, interpolation="bilinear", name="logits", dtype="float32")(x)
    return keras.Model(image, x, name="dilated_context_network")


def _check(input_shape, blocks, times):
    if len(blocks) < 2:
        raise ValueError(f"There must be two blocks at least. Received: blocks={tuple(blocks)}")
    if any(side is not None and side % times for side in input_shape[:2]):
        raise ValueError(
            f"Sides must be divisible by {times}. Received: input_shape={tuple(input_shape)}"
        )
