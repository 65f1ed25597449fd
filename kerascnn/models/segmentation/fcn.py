"""FCN, a classifier whose dense layers became convolutions, with the scores of earlier pools."""

import keras
from keras import layers

from kerascnn.layers import BilinearKernel, CropLike
from kerascnn.models.vgg_blocks import HIDDEN, VGG16, block_ends, load_vgg16
from kerascnn.registry import Experiment, register


@register(
    paper="https://arxiv.org/abs/1411.4038",
    variants={"fcn32s": {"fused": 0}, "fcn16s": {"fused": 1}, "fcn8s": {"fused": 2}},
    tiny={
        "input_shape": (21, 18, 3),
        "filters": 4,
        "blocks": (1, 1, 1),
        "units": 8,
        "kernel_size": 5,
        "padding": 17,
    },
    params={"fcn": 134_489_759, "fcn32s": 136_152_917, "fcn16s": 134_815_994, "fcn8s": 134_489_759},
    experiment=Experiment(
        data="shapes",
        model_options={
            "filters": 16,
            "blocks": (2, 2, 2),
            "units": 64,
            "kernel_size": 5,
            "padding": 17,
            "dropout": 0.0,
        },
        epochs=25,
        batch_size=8,
        passes=("mean_iou >= 0.76",),
    ),
)
def fcn(
    input_shape: tuple[int | None, int | None, int] = (500, 500, 3),
    *,
    num_classes: int = 21,
    fused: int = 2,
    blocks: tuple[int, ...] = VGG16,
    filters: int = 64,
    units: int = 4096,
    kernel_size: int = 7,
    padding: int = 100,
    dropout: float = 0.5,
    weights: str | None = None,
) -> keras.Model:
    """Build FCN: VGG whose dense layers slide over the image, and its scores enlarged again.

    Scores of one pixel in 32 are enlarged twofold and added to those of the pool before, as often
    as wanted, and then to the image's size. What enlarges starts bilinear; the last stays so.

    Differs from the paper: all is trained at once, where it went from FCN-32s to 16s to 8s, and
    the dense layers of VGG start at random.

    Args:
        input_shape: Height, width and channels; a side may be None. `weights="imagenet"` expects
            what `keras.applications.vgg16.preprocess_input` gives.
        num_classes: Number of classes, the background included.
        fused: Pools before the last whose scores are added: 0 is FCN-32s, 1 FCN-16s, 2 FCN-8s.
        blocks: Convolutions of each block of VGG, each before a halving.
        filters: Channels of the first block, doubled up to the eightfold at each of the next ones.
        units: Channels of the two layers that were dense.
        kernel_size: Side of the kernel of the first of these, odd and at least 5.
        padding: Zeros around the image, as many as that kernel needs over an image of any size.
        dropout: Share of the two layers' outputs dropped in training, in [0, 1).
        weights: None for random ones, or `"imagenet"` for those of the convolutions of
            `keras.applications.VGG16`, downloaded by Keras.

    Returns:
        A model from images `(batch, height, width, channels)` to logits
        `(batch, height, width, num_classes)` in float32.

    Raises:
        ValueError: If a number is out of its range, or there are no such weights.

    Example:
        >>> kerascnn.create_model("fcn8s").count_params()
        134489759

    Reference:
        https://arxiv.org/abs/1411.4038
    """
    _check(fused, blocks, kernel_size, padding)
    image = keras.Input(input_shape, name="image")
    x = layers.ZeroPadding2D(padding - 1, name="padding")(image)
    x = block_ends(x, blocks, filters, padding="same", **HIDDEN)[-1]
    encoder = keras.Model(image, x)
    load_vgg16(image, x, weights, blocks, filters)
    x = layers.MaxPooling2D(2, padding="same", name=f"block{len(blocks)}_pool")(x)
    for name, side in (("fc6", kernel_size), ("fc7", 1)):
        x = layers.Conv2D(units, side, name=name, **HIDDEN)(x)
        x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    x = layers.Conv2D(num_classes, 1, kernel_initializer="zeros", name="score")(x)
    near = (kernel_size - 1) // 2  # the pixel of the last pool over which the first score stands
    for block in range(len(blocks) - 1, len(blocks) - 1 - fused, -1):
        x = _enlarge(x, 2, f"upscore{block}")
        near = 2 * near - 1
        pool = encoder.get_layer(f"block{block}_pool").output
        pool = layers.Conv2D(num_classes, 1, kernel_initializer="zeros", name=f"score{block}")(pool)
        pool = CropLike(near, name=f"crop{block}")([pool, x])
        x = layers.Add(name=f"fused{block}")([pool, x])
    times = 2 ** (len(blocks) - fused)
    x = _enlarge(x, times, "upscore", trainable=False, dtype="float32")
    start = padding - 1 - times * near + times // 2
    x = CropLike(start, name="logits", dtype="float32")([x, image])
    return keras.Model(image, x, name="fcn")


def _enlarge(x, times, name, **options):
    start = {"kernel_initializer": BilinearKernel(), "use_bias": False}
    return layers.Conv2DTranspose(x.shape[-1], 2 * times, times, name=name, **start, **options)(x)


def _check(fused, blocks, kernel_size, padding):
    if not 0 <= fused < len(blocks):
        raise ValueError(
            "Scores can be added for every pool but the last. "
            f"Received: fused={fused}, blocks={tuple(blocks)}"
        )
    # With less, maps enlarged twice exceed the pools that they are added to.
    if kernel_size < 5 or kernel_size % 2 == 0:
        raise ValueError(f"kernel_size is odd, 5 at least. Received: kernel_size={kernel_size}")
    least = 1 + (kernel_size - 1) * 2 ** (len(blocks) - 1)  # 97 in the paper's configuration
    if padding < least:
        raise ValueError(f"padding is at least {least} here. Received: padding={padding}")
